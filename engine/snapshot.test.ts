import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { seeded, testSeed } from '../base/testing/random.ts'
import { textRows, withDuck } from './local/testing/duck.ts'
import { compared, withEngine, withFolder } from './local/testing/engine.ts'
import { givenRows } from './local/testing/generated.ts'
import { changeOf } from './record.ts'
import { commitSnapshot, readPointer, type SnapshotMeta, snapshotFolder } from './snapshot.ts'
import { runs, timeLimit } from './testing/runs.ts'

const entity = 'leads.update'
const meta = (sequence: number): SnapshotMeta => ({
  entity,
  sequence,
  run: `r${sequence}`,
  createdAt: '2026-01-01T00:00:00.000Z',
  rows: { desired: 1, known: 1, keyless: 0 },
  changed: 0,
  batchHash: '',
})
const twoFiles = async (folder: string) => {
  await writeFile(join(folder, 'rows.parquet'), 'r')
  await writeFile(join(folder, 'changes.parquet'), 'c')
}
const keep = { changes: 5, bases: 2 }

describe('snapshots', () => {
  it(
    'are whole behind the pointer after every SIGKILL, and the next commit sweeps what was left',
    async () => {
      await withFolder(async (stateDir) => {
        let reached = 0
        const random = seeded(testSeed())
        for (let round = 0; round < runs(10, 150); round += 1) {
          const child = spawn(process.execPath, [fileURLToPath(new URL('./testing/snapshot-child.ts', import.meta.url)), stateDir])
          const lines = createInterface(child.stdout)
          await once(lines, 'line')
          await sleep(random() * 60)
          child.kill('SIGKILL')
          await once(child, 'exit')

          const pointer = await readPointer(stateDir, entity)
          const folder = snapshotFolder(stateDir, entity, pointer!.sequence)
          expect(pointer!.sequence).toBeGreaterThan(reached)
          reached = pointer!.sequence
          expect(JSON.parse(await readFile(join(folder, 'meta.json'), 'utf8'))).toEqual(pointer)
          expect(await readFile(join(folder, 'rows.parquet'), 'utf8')).toBe(`${reached};`.repeat(50_000))
          expect(await readFile(join(folder, 'changes.parquet'), 'utf8')).toBe(`${reached};`.repeat(9000))
        }
        await commitSnapshot(stateDir, meta(reached + 1), twoFiles, { changes: 3, bases: 1 })
        const names = await readdir(join(stateDir, 'snapshots', entity))
        expect(names.sort()).toEqual(['current.json', ...[reached - 1, reached, reached + 1].map(String)].sort())
      })
    },
    timeLimit,
  )

  it('keep the newest, and of the newest of those the bases', async () => {
    await withFolder(async (stateDir) => {
      for (let sequence = 1; sequence <= 12; sequence += 1) await commitSnapshot(stateDir, meta(sequence), twoFiles, keep)
      const folder = join(stateDir, 'snapshots', entity)
      const bases: string[] = []
      for (const name of (await readdir(folder)).filter((name) => /^\d+$/.test(name)).sort()) {
        const files = await readdir(join(folder, name))
        expect(files).toContain('changes.parquet')
        if (files.includes('rows.parquet')) bases.push(name)
      }
      expect((await readdir(folder)).filter((name) => /^\d+$/.test(name))).toHaveLength(5)
      expect(bases.sort()).toEqual(['11', '12'])
    })
  })

  it('refuse a number that another run has taken, and files that cannot be written leave the pointer', async () => {
    await withFolder(async (stateDir) => {
      await commitSnapshot(stateDir, meta(1), twoFiles, keep)
      await expect(commitSnapshot(stateDir, meta(1), twoFiles, keep)).rejects.toMatchObject({ code: 'engine.snapshot_conflict' })
      await expect(commitSnapshot(stateDir, meta(2), () => Promise.reject(new Error('disk')), keep)).rejects.toThrow('disk')
      expect((await readPointer(stateDir, entity))?.sequence).toBe(1)
      await commitSnapshot(stateDir, meta(2), twoFiles, keep)
      expect((await readPointer(stateDir, entity))?.sequence).toBe(2)
    })
  })

  it('say so when the pointer is damaged, and are null before the first', async () => {
    await withFolder(async (stateDir) => {
      expect(await readPointer(stateDir, entity)).toBeNull()
      await mkdir(join(stateDir, 'snapshots', entity), { recursive: true })
      await writeFile(join(stateDir, 'snapshots', entity, 'current.json'), '{"sequence":')
      await expect(readPointer(stateDir, entity)).rejects.toMatchObject({ code: 'engine.snapshot_damaged' })
    })
  })

  it('of a compare hold every key with the two halves of its hash, and the changed rows old and new', async () => {
    const columns = ['ID', 'NAME'].map((name) => ({ name, rule: [{ op: 'trim' }] as const }))
    const spec = {
      entity,
      columns,
      key: ['ID'],
      desired: givenRows([
        ['1', 'Ana'],
        ['2', "d'Ávila"],
        ['3', null],
      ]),
      known: givenRows([
        ['1', 'Ana'],
        ['2', null],
      ]),
    }
    await withEngine(async (engine, stateDir) => {
      const comparison = compared(await engine.compare(spec, { run: 'run-7' }))
      expect(await readPointer(stateDir, entity)).toBeNull()
      await Promise.all([comparison.promote(), comparison.promote()])
      await comparison.close()
      const folder = snapshotFolder(stateDir, entity, 1)
      expect(await readPointer(stateDir, entity)).toMatchObject({ run: 'run-7', sequence: 1, changed: 1, batchHash: comparison.batchHash })
      expect(comparison.steps.map(({ step }) => step)).toEqual(['pull', 'hash', 'diff', 'normalise', 'snapshot'])
      for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o640)

      const [rows, changes] = await withDuck(async (connection) => [
        await textRows(connection, `select key, hash_lo::varchar, hash_hi::varchar from '${folder}/rows.parquet' order by key`),
        await textRows(
          connection,
          `select op, key, hash, "before_ID", "before_NAME", "after_ID", "after_NAME" from '${folder}/changes.parquet'`,
        ),
      ])
      const expected = [
        { ID: '1', NAME: 'Ana' },
        { ID: '2', NAME: "d'Ávila" },
        { ID: '3', NAME: null },
      ].map((row) => changeOf(spec, row))
      const halves = expected.map(({ key, hash }) => [key, ...[0, 8].map((at) => String(Buffer.from(hash, 'hex').readBigUInt64LE(at)))])
      expect(rows).toEqual(halves)
      expect(changes).toEqual([['update', '2', expected[1]!.hash, '2', null, '2', "d'Ávila"]])
      expect(createHash('md5').update(expected[1]!.hash).digest('hex')).toBe(comparison.batchHash)
    })
  })
})
