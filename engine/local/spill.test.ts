import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runs, timeLimit } from '../testing/runs.ts'
import { compared, withEngine } from './testing/engine.ts'
import { formulaRows } from './testing/generated.ts'

const columns = Array.from({ length: 15 }, (_, i) => ({ name: `C${i}`, rule: [] }))
const rows = runs(60_000, 1_000_000)

describe('memory limit', () => {
  it(
    'is kept by spilling: sides that do not fit are compared to the same result',
    async () => {
      const source = (changeEvery: number) => formulaRows(rows, { columns: 15, changeEvery })
      let spilled = 0
      const compareWith = (memoryLimit: string) =>
        withEngine(
          async (engine, stateDir) => {
            const watch = setInterval(async () => {
              for (const folder of await readdir(join(stateDir, 'tmp')).catch(() => [])) {
                spilled = Math.max(spilled, (await readdir(join(stateDir, 'tmp', folder)).catch(() => [])).length)
              }
            }, 20)
            try {
              const outcome = await engine.compare(
                { entity: 'big', columns, key: ['C0'], desired: source(100), known: source(0) },
                { run: 'r' },
              )
              const comparison = compared(outcome)
              await comparison.promote()
              await comparison.close()
              return { changed: comparison.changed, batchHash: comparison.batchHash }
            } finally {
              clearInterval(watch)
            }
          },
          { memoryLimit, threads: 2 },
        )
      const small = await compareWith(rows > 500_000 ? '250MB' : '48MB')
      expect(spilled).toBeGreaterThan(0)
      spilled = 0
      expect(await compareWith('3GB')).toEqual(small)
      expect(spilled).toBe(0)
      expect(small.changed).toBe(rows / 100)
    },
    timeLimit,
  )

  it('that is too low ends in an error that says what to do', async () => {
    await withEngine(
      (engine) =>
        expect(
          engine.compare(
            { entity: 'big', columns, key: ['C0'], desired: formulaRows(20_000, { columns: 15, changeEvery: 0 }), known: null },
            { run: 'r' },
          ),
        ).rejects.toMatchObject({ code: 'engine.out_of_memory' }),
      { memoryLimit: '8MB' },
    )
  })
})
