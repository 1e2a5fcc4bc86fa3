/**
 * The simulator in a process of its own, replaying encoded pages: `node lab/simulators/oracle-wire/replay-main.ts
 * '<settings as JSON>'`. For measuring readers: serving costs next to nothing. Prints one JSON line with the address.
 * SIGTERM and SIGINT end it, and so does the end of its standard input, so that it never outlives who started it.
 */
import { z } from 'zod'
import { replayed, rowsOf, type Script, scriptedBackend } from './scripted-backend.ts'
import { startOracleSimulator } from './simulator.ts'
import { type Column, type TypeName, typeNumbers } from './wire/types.ts'

const settingsSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(0),
  service: z.string().default('PONTE'),
  users: z.record(z.string(), z.string()),
  sdu: z.int().min(512).max(2_097_152).default(32_768),
  /** The first whose pattern the statement meets answers it; `rows` times, going round in `sample`. */
  results: z.array(
    z.strictObject({
      match: z.string(),
      columns: z.array(
        z.strictObject({
          name: z.string(),
          type: z.enum(Object.keys(typeNumbers) as [TypeName, ...TypeName[]]),
          size: z.int().optional(),
          precision: z.int().optional(),
          scale: z.int().optional(),
        }),
      ),
      sample: z.array(z.array(z.string().nullable())).min(1),
      rows: z.int().min(0),
    }),
  ),
})
export type ReplaySettings = z.input<typeof settingsSchema>

function scriptOf({ match, columns, sample, rows }: z.output<typeof settingsSchema>['results'][number]): Script {
  const described = columns as Column[]
  // A result that is no longer than its sample needs no replaying, and is exact row by row.
  const open = rows <= sample.length ? () => rowsOf(described, sample.slice(0, rows)) : replayed(described, sample, rows)
  return { match: new RegExp(match, 'i'), run: open }
}

async function main(json: string | undefined): Promise<void> {
  const { results, ...settings } = settingsSchema.parse(JSON.parse(json ?? '{}'))
  const simulator = await startOracleSimulator({ ...settings, backend: scriptedBackend(results.map(scriptOf)) })
  const { connectString, port } = simulator
  process.stdout.write(`${JSON.stringify({ connectString, port, pid: process.pid })}\n`)
  const end = () => void simulator.close().then(() => process.exit(0))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end)
  process.stdin.once('end', end).resume()
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`the replaying Oracle simulator could not start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(2)
})
