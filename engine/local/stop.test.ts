import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { CompareSpec } from '../model.ts'
import { compared, withEngine } from './testing/engine.ts'
import { type Formula, formulaRows } from './testing/generated.ts'

const columns = Array.from({ length: 12 }, (_, i) => ({ name: `C${i}`, rule: [{ op: 'trim' }, { op: 'upper' }] as const }))

function spec(rows: number, formula: Partial<Formula> = {}, entity = 'leads.update'): CompareSpec {
  const source = (changeEvery: number) => formulaRows(rows, { columns: 12, changeEvery, ...formula }, 3)
  return { entity, columns, key: ['C0'], desired: source(100), known: source(0) }
}

describe('stopping', () => {
  it('ends a compare when its signal aborts, at any moment, and the engine goes on', async () => {
    await withEngine(async (engine) => {
      for (const after of [0, 20, 60, 150, 300, 450, 700]) {
        const stop = new AbortController()
        const running = engine.compare(spec(20_000), { run: 'r', signal: stop.signal })
        setTimeout(() => stop.abort(new Error('enough')), after)
        const outcome = await running.then(
          (done) => compared(done).close(),
          (error: { code: string }) => error.code,
        )
        expect([undefined, 'engine.interrupted']).toContain(outcome)
      }
      const comparison = compared(await engine.compare(spec(5000), { run: 'r' }))
      expect(comparison.changed).toBe(50)
      await comparison.close()
    })
  })

  it('does nothing for a signal that was aborted before', async () => {
    await withEngine((engine) =>
      expect(engine.compare(spec(100), { run: 'r', signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'engine.interrupted' }),
    )
  })

  it('closes cleanly 20 times of 20 in the middle of a compare, and leaves no spill behind', async () => {
    let clean = 0
    await withEngine(async (_, stateDir) => {
      for (let round = 0; round < 20; round += 1) {
        await withEngine(
          async (engine) => {
            const running = engine.compare(spec(8000), { run: 'r' }).then(
              () => 'compared',
              (error: { code: string }) => error.code,
            )
            await sleep(round * 60)
            await engine.close()
            if (['engine.interrupted', 'compared'].includes(await running)) clean += 1
          },
          { tempDir: join(stateDir, 'spill'), readers: 1 },
        )
      }
      expect(await readdir(join(stateDir, 'spill'))).toEqual([])
    })
    expect(clean).toBe(20)
  }, 180_000)

  it('closes while the changes are being read, and tells the reader', async () => {
    await withEngine(async (engine) => {
      const comparison = compared(await engine.compare({ ...spec(9000), known: null }, { run: 'r' }))
      const changes = comparison.changes()[Symbol.asyncIterator]()
      await changes.next()
      await engine.close()
      await expect(changes.next()).rejects.toMatchObject({ code: 'engine.interrupted' })
      await expect(engine.compare(spec(1), { run: 'r' })).rejects.toMatchObject({ code: 'engine.closed' })
    })
  })

  it('gives the source its own error back, with its code and hint, and stops the other readers', async () => {
    await withEngine(async (engine) => {
      const failing = engine.compare(spec(20_000, { failAt: 9000 }), { run: 'r' })
      await expect(failing).rejects.toMatchObject({ name: 'PonteError', code: 'erp.gone', hint: 'none' })
      const missing = { ...spec(10), desired: { module: 'file:///nowhere/source.js', settings: null, ranges: [0] } }
      await expect(engine.compare(missing, { run: 'r' })).rejects.toMatchObject({ code: 'engine.read_failed' })
    })
  })

  it('refuses a second compare of the same entity, and takes another entity beside it', async () => {
    await withEngine(async (engine) => {
      const [first, other] = await Promise.all([
        engine.compare(spec(9000), { run: 'a' }),
        engine.compare(spec(9000, {}, 'contacts.update'), { run: 'b' }),
      ])
      await expect(engine.compare(spec(10), { run: 'c' })).rejects.toMatchObject({ code: 'engine.busy' })
      for (const outcome of [first, other]) {
        expect(compared(outcome).changed).toBe(90)
        await compared(outcome).close()
      }
    })
  })
})
