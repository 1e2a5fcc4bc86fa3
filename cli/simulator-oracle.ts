/** `ponte simulator oracle`: a server that the unmodified oracledb driver takes for an Oracle, on a MariaDB. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { ZodError, z } from 'zod'
import { PonteError } from '../base/error.ts'
import type { FaultInput } from '../simulators/oracle-wire/faults.ts'
import { execute } from './command.ts'
import { wholeNumber } from './whole-number.ts'

interface Options {
  port: string
  user: string
  password: string
  service: string
  data: string
  mariadb?: string
  refuseFlashback?: boolean
  faults: string
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
    .option('--refuse-flashback', 'answer AS OF SCN with ORA-01031, as to a user without the privilege')
    .option('--faults <json>', 'failures on demand, see simulators/oracle-wire/README.md', '[]')
    .option('--json', 'print the address as one JSON document')
    .addHelpText(
      'after',
      `
This is a simulator, written without an Oracle at hand. It proves that the unmodified driver and our SQL work together on a
MariaDB in Oracle mode; it does not prove plans, locks, privileges, flashback or the dialect of a real Oracle.
The database is empty at first. MariaDB must be installed (Debian: apt-get install mariadb-server), unless --mariadb names one.

Examples:
  ponte simulator oracle
  ponte simulator oracle --faults '[{"at": "fetch", "do": "error", "ora": 1555, "afterRows": 1000}]'`,
    )
    .action((options: Options) =>
      execute(options, async ({ output, closer, signal }) => {
        const port = wholeNumber('--port', options.port)
        const faults = faultsOf(options.faults)
        // Loaded here, so that other commands start without the driver of MySQL.
        const { startPrivateServer } = await import('../connectors/mysql/private-server.ts')
        const { mariadbBackend } = await import('../simulators/oracle-wire/mariadb/backend.ts')
        const { startOracleSimulator } = await import('../simulators/oracle-wire/simulator.ts')
        const own =
          options.mariadb === undefined
            ? await startPrivateServer(join(options.data, 'mariadb'), { instead: 'name one that runs with --mariadb' })
            : null
        if (own) closer.add(() => own.close())
        const url = options.mariadb ?? own!.url
        const simulator = await startOracleSimulator({
          backend: mariadbBackend({ url, flashback: options.refuseFlashback ? 'refused' : 'kept' }),
          port,
          service: options.service,
          users: { [options.user]: options.password },
          faults,
        }).catch((cause) => Promise.reject(refusal(port, cause)))
        closer.add(() => simulator.close())
        const { connectString } = simulator
        output.result({ ok: true, connectString, port: simulator.port, service: options.service, user: options.user })
        output.end()
        output.say(`ORACLE SIMULATOR (not an Oracle) at ${connectString}, user ${options.user}`)
        output.say(`  SQL runs on ${own ? `a MariaDB of its own in ${options.data}` : 'the MariaDB that was named'}`)
        output.say('  Ctrl-C ends it; its data stay.')
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return 0
      }),
    )
}

/** Checked for good by the simulator. */
function faultsOf(text: string): FaultInput[] {
  try {
    return z.array(z.unknown()).parse(JSON.parse(text)) as FaultInput[]
  } catch (cause) {
    throw wrongFaults(cause)
  }
}

function wrongFaults(cause: unknown): PonteError {
  return new PonteError('simulator.faults', '--faults is not a list of faults', {
    hint: cause instanceof ZodError ? z.prettifyError(cause) : 'a JSON list; simulators/oracle-wire/README.md shows its fields',
    cause,
    exitCode: 2,
  })
}

/** A port that is taken or does not exist is a matter of usage, and so are wrong faults. */
function refusal(port: number, cause: unknown): unknown {
  if (cause instanceof ZodError) return wrongFaults(cause)
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? ''
  if (!['EADDRINUSE', 'EACCES', 'ERR_SOCKET_BAD_PORT'].includes(code)) return cause
  return new PonteError('simulator.port', `the simulator cannot listen on port ${port} of this machine (${code})`, {
    hint: 'name another one with --port; 0 takes any that is free',
    cause,
    exitCode: 2,
  })
}
