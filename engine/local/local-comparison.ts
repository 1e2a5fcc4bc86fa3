/** A finished compare over its tables in DuckDB: streams the changes, promotes the snapshot, frees everything. */
import { join } from 'node:path'
import { PonteError } from '../../base/error.ts'
import type { Cell, Change, CompareSpec, Comparison, Row } from '../model.ts'
import { commitSnapshot, type Retention, type SnapshotMeta } from '../snapshot.ts'
import type { Session } from './session.ts'
import type { Stopwatch } from './stopwatch.ts'

export interface Found {
  readonly spec: CompareSpec
  readonly meta: SnapshotMeta
  readonly vanished: Comparison['vanished']
  readonly duplicates: number
}

export interface Workplace {
  readonly schema: string
  /** `main` runs statements; `stream` reads the changes, so that promote may run while they are read. */
  readonly main: Session
  readonly stream: Session
  readonly stopwatch: Stopwatch
  readonly stateDir: string
  readonly keep: Retention
  /** Drops the tables, closes the sessions. */
  readonly free: () => Promise<void>
}

export function localComparison(found: Found, work: Workplace): Comparison {
  const { spec, meta, vanished, duplicates } = found
  let consumed = false
  let promoted: Promise<void> | undefined
  return {
    entity: spec.entity,
    sequence: meta.sequence,
    rows: meta.rows,
    changed: meta.changed,
    vanished,
    duplicates,
    batchHash: meta.batchHash,
    steps: work.stopwatch.steps,
    changes() {
      if (consumed)
        throw new PonteError('engine.changes_taken', `the changes of ${spec.entity} were already read`, {
          hint: 'this is a fault of the caller, report it',
        })
      consumed = true
      return readChanges(spec, work)
    },
    promote() {
      promoted ??= work.stopwatch.time(
        'snapshot',
        () => writeSnapshot(found, work),
        () => meta.rows.desired,
      )
      return promoted
    },
    async close() {
      await work.free()
      // Its files may still be on their way to disk; what failed was told to whoever called promote.
      await promoted?.catch(() => undefined)
    },
  }
}

async function* readChanges(spec: CompareSpec, work: Workplace): AsyncGenerator<readonly Change[]> {
  const names = spec.columns.map(({ name }) => name)
  for await (const columns of work.stream.stream(`select * from ${work.schema}.changed order by key`)) {
    const [ops, keys, hashes] = columns as [Cell[], Cell[], Cell[]]
    yield ops.map((op, row): Change => {
      const before = op === 'insert' ? null : rowOf(names, columns, 3, row)
      return { op: op as Change['op'], key: keys[row]!, hash: hashes[row]!, before, after: rowOf(names, columns, 3 + names.length, row) }
    })
  }
}

function rowOf(names: readonly string[], columns: readonly Cell[][], first: number, row: number): Row {
  const values: Record<string, Cell> = {}
  for (let i = 0; i < names.length; i += 1) values[names[i]!] = columns[first + i]![row]!
  return values
}

/**
 * rows.parquet: key, hash_lo, hash_hi: the md5 digest's bytes 0-7 and 8-15, each read as a little-endian unsigned number.
 * changes.parquet: op, key, hash as text, then every column twice, before_<NAME> and after_<NAME>.
 */
async function writeSnapshot({ spec, meta }: Found, { schema, main, stateDir, keep }: Workplace): Promise<void> {
  // Shifts and masks: division of 128-bit numbers takes 300 times longer.
  const halves = 'cast(hash & 18446744073709551615::uhugeint as ubigint) as hash_lo, cast(hash >> 64 as ubigint) as hash_hi'
  const named = spec.columns.flatMap(({ name }, i) => [
    `b${i} as ${identifier(`before_${name}`)}`,
    `a${i} as ${identifier(`after_${name}`)}`,
  ])
  await commitSnapshot(
    stateDir,
    meta,
    async (folder) => {
      await main.run(copy(`select key, ${halves} from ${schema}.desired`, join(folder, 'rows.parquet')))
      await main.run(copy(`select op, key, hash, ${named.join(', ')} from ${schema}.changed order by key`, join(folder, 'changes.parquet')))
    },
    keep,
  )
}

function copy(select: string, file: string): string {
  return `copy (${select}) to '${file.replaceAll("'", "''")}' (format parquet, compression lz4)`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
