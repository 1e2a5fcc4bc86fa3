/** One compare by our engine. argv: folder, rows. Prints its costs; `total` is everything but the pull. */
import { join } from 'node:path'
import { localEngine } from '../../../engine/local/local-engine.ts'
import { formulaRows } from '../../../engine/local/testing/generated.ts'
import type { Comparison } from '../../../engine/model.ts'
import { CHANGED_EVERY, columns, type Line } from './leads.ts'
import { watchMemory } from './measure.ts'
import { writeLines } from './write-lines.ts'

const [folder, count] = [process.argv[2]!, Number(process.argv[3])]
const source = (changeEvery: number) => formulaRows(count, { columns: columns.length, changeEvery })

async function* lines(comparison: Comparison): AsyncIterable<readonly Line[]> {
  for await (const batch of comparison.changes()) yield batch.map(({ after, hash, key }) => ({ row: after, hash, key }))
}

const engine = await localEngine({ stateDir: join(folder, 'state'), memoryLimit: '6GB' })
const memory = watchMemory()
const start = performance.now()
const cpu = process.cpuUsage()
const outcome = await engine.compare(
  { entity: 'leads.update', columns, key: ['ID'], desired: source(CHANGED_EVERY), known: source(0) },
  { run: 'bench' },
)
if (outcome.kind === 'stopped') throw new Error('stopped by a guard')
const { comparison } = outcome
const jsonFrom = performance.now()
const jsonCpu = process.cpuUsage()
const changed = await writeLines(join(folder, 'ours.json'), lines(comparison))
const used = process.cpuUsage(jsonCpu)
const json = { step: 'json', rows: changed, wallMs: performance.now() - jsonFrom, cpuMs: (used.user + used.system) / 1000 }
await comparison.promote()
const end = performance.now()
const all = process.cpuUsage(cpu)

const [pull, ...rest] = comparison.steps
let at = start
const steps = [pull!, ...rest.slice(0, -1), json, rest.at(-1)!].map((step) => {
  const from = at
  at += step.wallMs
  return { ...step, peakRssMb: memory.peak(from, at) }
})
const total = { wallMs: end - start - pull!.wallMs, cpuMs: (all.user + all.system) / 1000 - pull!.cpuMs }
memory.stop()
await comparison.close()
await engine.close()
console.log(JSON.stringify({ changed, steps, total, peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024) }))
