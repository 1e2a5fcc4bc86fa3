/** One compare, step by step: pull, hash, judge, diff, fetch. What it leaves open, the comparison it returns will close. */
import { createHash } from 'node:crypto'
import { duplicateGuard, massChange, massChangeGuard, sourceGuard } from '../guards.ts'
import type { CompareOptions, CompareOutcome, CompareSpec, Guard } from '../model.ts'
import { type Retention, readPointer } from '../snapshot.ts'
import {
  countMoved,
  createChanged,
  createRaw,
  createSide,
  dropDuplicates,
  fetchChanged,
  findDifferences,
  findDuplicates,
  hashSide,
  type Side,
  takeAll,
} from './compare-sql.ts'
import type { Database } from './database.ts'
import { type Fill, Ingest } from './ingest.ts'
import { localComparison } from './local-comparison.ts'
import type { Readers } from './pull.ts'
import { Session } from './session.ts'
import { Stopwatch } from './stopwatch.ts'

export interface CompareContext {
  readonly schema: string
  readonly database: Database
  readonly fill: Fill
  readonly readers: Readers
  readonly stateDir: string
  readonly keep: Retention
  readonly now: () => Date
  /** Aborted by the caller's signal, by close() of the engine or of the comparison. */
  readonly stop: AbortController
  /** Tells the engine that this compare is over and holds nothing. */
  readonly release: () => void
}

type Pulled = { readonly desired: number; readonly known: number }

/** Keys named to an operator. */
const NAMED_KEYS = 20

export async function compareTables(spec: CompareSpec, options: CompareOptions, context: CompareContext): Promise<CompareOutcome> {
  const { schema, stop, stateDir } = context
  const sessions: Session[] = []
  let freed: Promise<void> | undefined
  const free = () => {
    freed ??= closeSessions(sessions, context)
    return freed
  }
  try {
    const last = await readPointer(stateDir, spec.entity)
    const main = await Session.open(context.database.instance, stop.signal)
    sessions.push(main)
    const stopwatch = new Stopwatch()
    const sides: readonly Side[] = spec.known === null ? ['desired'] : ['desired', 'known']
    await main.run(`create schema ${schema}`)

    const pulled = await stopwatch.time(
      'pull',
      () => pull(spec, options, context, main),
      (rows) => rows.desired + rows.known,
    )
    // A detector of what was never sent shrinks by itself once it is delivered.
    const guards: Guard[] = []
    const shrunken = spec.known === null ? null : sourceGuard(spec.entity, pulled.desired, last)
    if (shrunken !== null) guards.push(shrunken)

    const keyed = await stopwatch.time(
      'hash',
      () => hash(spec, schema, sides, pulled, main),
      (rows) => rows,
    )
    const duplicates = await main.count(`select count(*) from ${schema}.duplicates`)
    const duplicated = duplicateGuard(spec.entity, duplicates, await firstKeys(main, `select key from ${schema}.duplicates`))
    if (duplicated !== null) guards.push(duplicated)
    if (guards.length > 0 && options.acceptGuards !== true) {
      await free()
      return { kind: 'stopped', guards }
    }

    await stopwatch.time(
      'diff',
      () => diff(spec, schema, sides, duplicates, main),
      () => keyed,
    )
    const changed = await stopwatch.time(
      'normalise',
      () => fetch(spec, schema, sides, main),
      (rows) => rows,
    )
    if (spec.known !== null && options.changedLimitPercent !== undefined && options.acceptGuards !== true) {
      const moved = massChange({ changed, known: pulled.known }, last, options.changedLimitPercent)
      if (moved !== null) {
        const guard = await explainMassChange(spec, schema, { moved, known: pulled.known }, main)
        await free()
        return { kind: 'stopped', guards: [guard] }
      }
    }
    const vanishedKeys = `select key from ${schema}.outcome where rid is null`
    const vanished = { count: await main.count(`select count(*) from (${vanishedKeys})`), keys: await firstKeys(main, vanishedKeys) }
    const stream = await Session.open(context.database.instance, stop.signal)
    sessions.push(stream)
    const meta = {
      entity: spec.entity,
      sequence: (last?.sequence ?? 0) + 1,
      run: options.run,
      createdAt: context.now().toISOString(),
      rows: { ...pulled, keyless: pulled.desired + pulled.known - keyed },
      changed,
      batchHash: await batchHashOf(main, schema),
    }
    const work = { schema, main, stream, stopwatch, stateDir, keep: context.keep, free }
    return { kind: 'compared', comparison: localComparison({ spec, meta, vanished, duplicates }, work) }
  } catch (error) {
    await free()
    throw error
  }
}

/** Both sides at once, each into its raw table. */
async function pull(spec: CompareSpec, options: CompareOptions, context: CompareContext, main: Session): Promise<Pulled> {
  const rows = { desired: 0, known: 0 }
  const ingests: Ingest[] = []
  const into = async (side: Side, source: CompareSpec['desired']) => {
    await main.run(createRaw(context.schema, side, spec.columns.length))
    const ingest = await Ingest.open(
      main.connection,
      { schema: context.schema, table: `${side}_raw`, columns: spec.columns.length },
      context.fill,
    )
    ingests.push(ingest)
    return {
      source,
      onFrame: (frame: Parameters<Ingest['append']>[0]) => {
        ingest.append(frame)
        rows[side] += frame.rows
        options.onProgress?.({ side, rows: rows[side] })
      },
    }
  }
  const sources = [await into('desired', spec.desired), ...(spec.known === null ? [] : [await into('known', spec.known)])]
  try {
    await context.readers.pull(sources, context.stop.signal)
  } catch (error) {
    for (const ingest of ingests) ingest.discard()
    throw error
  }
  for (const ingest of ingests) ingest.close()
  return rows
}

/** Returns the rows that have a key. DuckDB plans the rules for some 50 ms, which a side without rows does not need. */
async function hash(spec: CompareSpec, schema: string, sides: readonly Side[], pulled: Pulled, main: Session): Promise<number> {
  let keyed = 0
  for (const side of sides) {
    await main.run(createSide(schema, side))
    if (pulled[side] > 0) await main.run(hashSide(schema, side, spec))
    keyed += await main.count(`select count(*) from ${schema}.${side}`)
  }
  await main.run(findDuplicates(schema, sides))
  return keyed
}

async function diff(spec: CompareSpec, schema: string, sides: readonly Side[], duplicates: number, main: Session): Promise<void> {
  if (duplicates > 0) for (const side of sides) await main.run(dropDuplicates(schema, side))
  await main.run(spec.known === null ? takeAll(schema) : findDifferences(schema))
}

/** Fetches the changed rows, if there are any (see `hash`), then drops what is not needed any more. Returns how many changed. */
async function fetch(spec: CompareSpec, schema: string, sides: readonly Side[], main: Session): Promise<number> {
  await main.run(createChanged(schema, spec.columns.length))
  if ((await main.count(`select count(rid) from ${schema}.outcome`)) > 0) await main.run(fetchChanged(schema, spec))
  for (const side of sides) await main.run(`drop table ${schema}.${side}_raw`)
  if (spec.known !== null) await main.run(`drop table ${schema}.known`)
  return main.count(`select count(*) from ${schema}.changed`)
}

async function explainMassChange(
  spec: CompareSpec,
  schema: string,
  found: { moved: number; known: number },
  main: Session,
): Promise<Guard> {
  const [counts = []] = await main.rows(countMoved(schema, spec.columns))
  const columns = spec.columns.map(({ name }, i) => ({ name, moved: Number(counts[2 * i]), emptied: Number(counts[2 * i + 1]) }))
  return massChangeGuard(spec.entity, found, columns, await firstKeys(main, `select key from ${schema}.changed`))
}

/** The batch hash over the changed rows' hashes, streamed in ascending order; equal to `batchHash` of hash.ts. */
async function batchHashOf(main: Session, schema: string): Promise<string> {
  const batch = createHash('md5')
  for await (const [hashes] of main.stream(`select hash from ${schema}.changed order by hash`)) batch.update(hashes!.join(''))
  return batch.digest('hex')
}

async function firstKeys(main: Session, select: string): Promise<string[]> {
  return (await main.rows(`${select} order by key limit ${NAMED_KEYS}`)).map(([key]) => key!)
}

/** Interrupts what runs, waits for it, then drops the tables: a busy connection is never closed. */
async function closeSessions(sessions: readonly Session[], context: CompareContext): Promise<void> {
  context.stop.abort()
  for (const session of sessions) await session.close()
  const cleaner = await context.database.instance.connect()
  try {
    await cleaner.run(`drop schema if exists ${context.schema} cascade`)
  } finally {
    cleaner.closeSync()
    context.release()
  }
}
