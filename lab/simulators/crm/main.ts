import { PonteError } from '../../../base/error.ts'
import { startLine } from './http/start-line.ts'
import { type CrmSimulatorSettings, startCrmSimulator } from './simulator.ts'

/**
 * Runs the simulator as its own process: `node lab/simulators/crm/main.ts '<settings as JSON>'`. The one JSON
 * argument holds the fields of CrmSimulatorSettings; a token in it shows in the list of processes, so a real secret has
 * no place here. Prints a start line for people, then one JSON line with the addresses. SIGTERM and SIGINT close it.
 */
async function main(json: string | undefined): Promise<void> {
  const simulator = await startCrmSimulator(JSON.parse(json ?? '{}') as CrmSimulatorSettings)
  process.stderr.write(`${startLine(simulator)}\n`)
  process.stdout.write(`${JSON.stringify({ url: simulator.url, controlUrl: simulator.controlUrl, pid: process.pid })}\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void simulator.close().then(() => process.exit(0)))
}

main(process.argv[2]).catch((error: unknown) => {
  const known = error instanceof PonteError
  process.stderr.write(known ? `${error.code}: ${error.message}\n${error.hint}\n` : `crm simulator could not start: ${String(error)}\n`)
  process.exit(known ? error.exitCode : 2)
})
