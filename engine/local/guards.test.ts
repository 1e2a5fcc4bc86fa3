import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cell, CompareOutcome, CompareSpec, Engine } from '../model.ts'
import { allChanges, compared, openEngine } from './testing/engine.ts'
import { givenRows } from './testing/generated.ts'

const columns = ['ID', 'NAME'].map((name) => ({ name, rule: [{ op: 'trim' }] as const }))
const people = (from: number, to: number, name = 'Ana'): Cell[][] => Array.from({ length: to - from }, (_, i) => [String(from + i), name])

let engine: Engine
let close: () => Promise<void>
beforeAll(async () => {
  ;({ engine, close } = await openEngine())
})
afterAll(() => close())

function compare(entity: string, desired: Cell[][], known: Cell[][] | null, acceptGuards = false): Promise<CompareOutcome> {
  const spec: CompareSpec = { entity, columns, key: ['ID'], desired: givenRows(desired), known: known && givenRows(known) }
  return engine.compare(spec, { run: 'r', acceptGuards })
}

async function promote(entity: string, desired: Cell[][], known: Cell[][] | null): Promise<void> {
  const comparison = compared(await compare(entity, desired, known))
  await comparison.promote()
  await comparison.close()
}

async function guardsOf(outcome: CompareOutcome): Promise<string[]> {
  if (outcome.kind === 'stopped') return outcome.guards.map(({ guard }) => guard)
  await outcome.comparison.close()
  return []
}

describe('guards', () => {
  it('stop a compare whose desired side repeats keys, and name up to 20 of them', async () => {
    const outcome = await compare('repeats.b', [...people(0, 40), ...people(5, 35)], people(0, 40, 'Bia'))
    expect(outcome).toMatchObject({ kind: 'stopped', guards: [{ guard: 'duplicate-keys' }] })
    const [guard] = outcome.kind === 'stopped' ? outcome.guards : []
    expect(guard?.keys).toHaveLength(20)
    expect(guard?.message).toBe('repeats.b: 30 keys came more than once')
  })

  it('see keys that repeat on the known side only', async () => {
    expect(await guardsOf(await compare('repeats.a', people(0, 5), [...people(0, 5), ...people(2, 3)]))).toEqual(['duplicate-keys'])
  })

  it('see keys that become equal by normalisation', async () => {
    expect(
      await guardsOf(
        await compare(
          'repeats.n',
          [
            ['1', 'a'],
            [' 1 ', 'b'],
          ],
          null,
        ),
      ),
    ).toEqual(['duplicate-keys'])
  })

  it('when accepted, leave repeated keys out on both sides and count them', async () => {
    const outcome = await compare('accepted', [...people(0, 6), ...people(2, 3)], [...people(0, 6, 'Bia'), ...people(4, 5)], true)
    const comparison = compared(outcome)
    expect((await allChanges(comparison)).map(({ key }) => key)).toEqual(['0', '1', '3', '5'])
    expect(comparison).toMatchObject({ duplicates: 2, changed: 4, vanished: { count: 0 } })
    await comparison.close()
  })

  it('let the first compare of an empty source pass', async () => {
    expect(await guardsOf(await compare('first', [], people(0, 3)))).toEqual([])
  })

  it('stop a source that gave rows last time and none now', async () => {
    await promote('emptied', people(0, 10), people(0, 10))
    expect(await guardsOf(await compare('emptied', [], people(0, 10)))).toEqual(['empty-source'])
  })

  it('stop below half of the last rows, not at half', async () => {
    await promote('shrunk', people(0, 10), people(0, 10))
    expect(await guardsOf(await compare('shrunk', people(0, 4), people(0, 10)))).toEqual(['shrunken-source'])
    expect(await guardsOf(await compare('shrunk', people(0, 5), people(0, 10)))).toEqual([])
    expect(await guardsOf(await compare('shrunk', people(0, 4), people(0, 10), true))).toEqual([])
  })

  it('let a detector of unsent rows shrink to nothing', async () => {
    await promote('inserts', people(0, 10), null)
    expect(await guardsOf(await compare('inserts', [], null))).toEqual([])
  })

  it('report every guard that holds, and free the entity for the next compare', async () => {
    await promote('both', people(0, 10), people(0, 10))
    expect(await guardsOf(await compare('both', [...people(0, 1), ...people(0, 1)], people(0, 10)))).toEqual([
      'shrunken-source',
      'duplicate-keys',
    ])
    expect(await guardsOf(await compare('both', people(0, 10), people(0, 10)))).toEqual([])
  })

  describe('on a share of the rows', () => {
    const limited = (entity: string, desired: Cell[][], known: Cell[][] | null, acceptGuards = false) => {
      const spec: CompareSpec = { entity, columns, key: ['ID'], desired: givenRows(desired), known: known && givenRows(known) }
      return engine.compare(spec, { run: 'r', acceptGuards, changedLimitPercent: 30 })
    }
    const promoteLimited = async (...given: Parameters<typeof limited>) => {
      const comparison = compared(await limited(...given))
      await comparison.promote()
      await comparison.close()
    }
    const emptied = (to: number, of: number): Cell[][] => [...people(0, to).map(([id]) => [id!, '']), ...people(to, of)]

    it('stop when a column was emptied in more than the limit, and say which one', async () => {
      await promoteLimited('mass', people(0, 101), people(0, 101))
      expect(await guardsOf(await limited('mass', emptied(30, 101), people(0, 101)))).toEqual([])
      const outcome = await limited('mass', emptied(31, 101), people(0, 101))
      expect(outcome).toMatchObject({
        kind: 'stopped',
        guards: [
          {
            guard: 'mass-change',
            message: 'mass: 31 of 101 rows differ that did not at the last compare; NAME in 31 (emptied in 31)',
          },
        ],
      })
    })

    it('let what was accepted once pass while it waits in the queue, and count from there', async () => {
      await promoteLimited('accepted.mass', people(0, 200), people(0, 200))
      await promoteLimited('accepted.mass', emptied(100, 200), people(0, 200), true)
      expect(await guardsOf(await limited('accepted.mass', emptied(160, 200), people(0, 200)))).toEqual([])
      expect(await guardsOf(await limited('accepted.mass', emptied(161, 200), people(0, 200)))).toEqual(['mass-change'])
    })

    it('let a first load pass, whether nothing was compared before or the known side has just been filled', async () => {
      expect(await guardsOf(await limited('load.first', people(0, 200, 'Bia'), people(0, 200)))).toEqual([])
      await promoteLimited('load.filled', people(0, 300), people(0, 110))
      expect(await guardsOf(await limited('load.filled', people(0, 300, 'Bia'), people(0, 110)))).toEqual(['mass-change'])
      expect(await guardsOf(await limited('load.filled', [...people(0, 110), ...people(110, 300, 'Bia')], people(0, 300)))).toEqual([])
      await promoteLimited('load.unsent', people(0, 200), null)
      expect(await guardsOf(await limited('load.unsent', people(0, 500), null))).toEqual([])
    })

    it('leave a hundred rows and fewer alone', async () => {
      await promoteLimited('few', people(0, 100), people(0, 100))
      expect(await guardsOf(await limited('few', emptied(100, 100), people(0, 100)))).toEqual([])
    })
  })
})
