/** `ponte simulator oracle`: a server that the unmodified oracledb driver takes for an Oracle, on a MariaDB. */
import { type Command, Option } from 'commander'
import { ZodError, z } from 'zod'
import { PonteError } from '../../base/error.ts'
import { execute } from '../../cli/command.ts'
import { wholeNumber } from '../../cli/whole-number.ts'
import { type FaultInput, faultsSchema } from '../simulators/oracle-wire/faults.ts'

interface Options {
  port: string
  user: string
  password: string
  service: string
  data: string
  mariadb?: string
  branches: string
  seed: string
  empty?: boolean
  refuseFlashback?: boolean
  faults: string
  untilStdinEnds?: boolean
  json?: boolean
}

export function simulatorOracleCommand(simulator: Command): void {
  simulator
    .command('oracle')
    .description('a server that the oracledb driver takes for an Oracle 19c; a MariaDB runs its SQL')
    .option('--port <n>', 'TCP port on 127.0.0.1; 0 takes any that is free', '1521')
    .option('--user <name>', 'who may log on', 'ponte')
    .option('--password <text>', 'with which password; it shows in the list of processes, so no real one', 'simulator')
    .option('--service <name>', 'the service name', 'PONTE')
    .option('--data <folder>', 'where the MariaDB that it starts keeps its data', './data/simulator-oracle')
    .option('--mariadb <url>', 'use this MariaDB instead: mysql://user:password@host:port/database')
    .option('--branches <n>', 'demo data for an ERP that is empty: so many branches; 0: the schema only', '2000')
    .option('--seed <n>', 'same seed and day, same data', '1')
    .option('--empty', 'neither schema nor demo data: for ponte migrate --dialect oracle')
    .option('--refuse-flashback', 'answer AS OF SCN with ORA-01031, as to a user without the privilege')
    .option('--faults <json>', 'failures on demand, see lab/simulators/oracle-wire/README.md', '[]')
    .option('--json', 'print the address as one JSON document')
    .addOption(new Option('--until-stdin-ends').hideHelp())
    .addHelpText(
      'after',
      `
This is a simulator, written without an Oracle at hand. It proves that the unmodified driver, our connector and our SQL work together
on a MariaDB in Oracle mode; it does not prove plans, locks, privileges, read consistency or the dialect of a real Oracle.
It begins with the schema of sql/oracle, installed through its own wire, and demo data. MariaDB must be installed
(Debian: apt-get install mariadb-server), unless --mariadb names one.

Examples:
  ponte simulator oracle
  ERP_DIALECT=oracle DB_USER=ponte DB_PASSWD=simulator DB_HOST=127.0.0.1 DB_SERVICE_NAME=PONTE ponte run job_execute_spark
  ponte simulator oracle --faults '[{"at": "fetch", "do": "error", "ora": 1555, "afterRows": 1000}]'`,
    )
    .action((options: Options) =>
      execute(options, async ({ output, closer, signal }) => {
        const port = wholeNumber('--port', options.port)
        const branches = wholeNumber('--branches', options.branches)
        const seed = wholeNumber('--seed', options.seed)
        const faults = faultsOf(options.faults)
        // Loaded here, so that other commands start without the drivers.
        const { fillErp, startOracle } = await import('./simulated-oracle.ts')
        const oracle = await startOracle({ ...options, port, refuseFlashback: options.refuseFlashback === true }, closer).catch((cause) =>
          Promise.reject(refusal(port, cause)),
        )
        if (options.empty !== true) {
          const bar = output.bar('installing the schema, loading demo data')
          await fillErp(oracle.url, { branches, seed, signal }, (done) => bar.update(done, branches))
          bar.stop()
        }
        // From here on: what was installed and loaded is whole.
        oracle.simulator.setFaults(faults)
        const { connectString } = oracle.simulator
        output.result({ ok: true, connectString, port: oracle.simulator.port, service: options.service, user: options.user })
        output.end()
        output.say(`ORACLE SIMULATOR (not an Oracle) at ${connectString}, user ${options.user}`)
        output.say(
          `  SQL runs on ${options.mariadb === undefined ? `a MariaDB of its own in ${options.data}` : 'the MariaDB that was named'}`,
        )
        output.say('  Ctrl-C ends it; its data stay.')
        await ended(signal, options.untilStdinEnds === true)
        return 0
      }),
    )
}

/** Who started us as a part of itself holds our standard input: when it dies, it ends. */
async function ended(signal: AbortSignal, untilStdinEnds: boolean): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (untilStdinEnds) process.stdin.once('end', resolve).once('error', resolve).resume()
  })
}

function faultsOf(text: string): FaultInput[] {
  try {
    return faultsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw wrongFaults(cause)
  }
}

function wrongFaults(cause: unknown): PonteError {
  return new PonteError('simulator.faults', '--faults is not a list of faults', {
    hint: cause instanceof ZodError ? z.prettifyError(cause) : 'a JSON list; lab/simulators/oracle-wire/README.md shows its fields',
    cause,
    exitCode: 2,
  })
}

/** A port that is taken or does not exist is a matter of usage. */
function refusal(port: number, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? ''
  if (!['EADDRINUSE', 'EACCES', 'ERR_SOCKET_BAD_PORT'].includes(code)) return cause
  return new PonteError('simulator.port', `the simulator cannot listen on port ${port} of this machine (${code})`, {
    hint: 'name another one with --port; 0 takes any that is free',
    cause,
    exitCode: 2,
  })
}
