/**
 * Reads one range of a view at one SCN. Imported by reader threads; one connection per range. A range is read in steps, and a step's rows
 * are handed on when all of it is here: so a step can be read again after ORA-01555, ORA-08103 or a lost line, and nothing is lacking or doubled.
 */
import oracledb from 'oracledb'
import { PonteError } from '../../../../base/error.ts'
import { type Frame, FrameBuilder, type ReadRange } from '../../../../engine/frame.ts'
import type { TextCell } from '../../../../engine/frame-column.ts'
import { exact, openConnection } from './connection.ts'
import { erpError, isLost, isOra } from './errors.ts'
import { type RangeBounds, type RangeQuery, type Step, stepQuery, stepsOf } from './range.ts'
import { TextArena, useArena } from './raw-text.ts'
import type { OracleSettings } from './settings.ts'

export interface RangeSettings extends RangeQuery {
  readonly connection: OracleSettings
}

/** Rows per round trip; the measured best. */
export const PAGE = 1_000
/** How often a step is read in all. */
const ATTEMPTS = 4

/**
 * The rows of the range as frames of text.
 * @throws PonteError of `erpError`, `erp.snapshot_lost` when the moment is gone for good; the signal's reason when aborted
 */
export const read: ReadRange = async function* (task, signal) {
  const settings = task.settings as RangeSettings
  const line = new Line(settings.connection)
  const onAbort = () => line.cut()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (const step of stepsOf(task.range as RangeBounds)) yield* await readStep(line, settings, step, signal)
  } catch (error) {
    throw signal.aborted ? signal.reason : erpError(error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    await line.close()
  }
}

/** The connection of this range, opened when it is needed and again after it was lost. */
class Line {
  /** Text of the step that is read. */
  readonly arena = new TextArena()
  readonly #settings: OracleSettings
  #connection: oracledb.Connection | undefined

  constructor(settings: OracleSettings) {
    this.#settings = settings
  }

  async get(): Promise<oracledb.Connection> {
    this.#connection ??= await openConnection(this.#settings)
    return this.#connection
  }

  /** Ends what runs; it fails with ORA-01013. */
  cut(): void {
    this.#connection?.break().catch(() => {})
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.close({ drop: true }).catch(() => {})
  }
}

async function readStep(line: Line, settings: RangeSettings, step: Step, signal: AbortSignal): Promise<Frame[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(await line.get(), line.arena, settings, step, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (isLost(error)) await line.close()
      // Whoever reads the step again reads the same moment.
      if (attempt === ATTEMPTS || !(isLost(error) || isOra(error, 1555, 8103))) throw error
    }
  }
}

async function readOnce(
  connection: oracledb.Connection,
  arena: TextArena,
  settings: RangeSettings,
  step: Step,
  signal: AbortSignal,
): Promise<Frame[]> {
  const builder = new FrameBuilder(settings.expressions.length)
  const frames: Frame[] = []
  arena.clear()
  useArena(connection, arena)
  try {
    for await (const page of pagesOf<TextCell>(connection, settings, step)) {
      signal.throwIfAborted()
      frames.push(...builder.cellRows(arena.isUtf8() ? page : arena.decoded(page), arena))
    }
  } finally {
    useArena(connection, null)
  }
  const last = builder.flush()
  if (last !== undefined) frames.push(last)
  return frames
}

/** The rows of one step, page by page. @throws the driver's error */
export async function* pagesOf<Cell = string | null>(
  connection: oracledb.Connection,
  query: RangeQuery,
  step: Step,
): AsyncIterable<Cell[][]> {
  const { sql, binds } = stepQuery(query, step)
  const { resultSet } = await connection.execute<Cell[]>(sql, binds, {
    resultSet: true,
    outFormat: oracledb.OUT_FORMAT_ARRAY,
    fetchTypeHandler: exact,
    fetchArraySize: PAGE,
    prefetchRows: PAGE,
  })
  if (resultSet === undefined) throw new PonteError('erp.failed', 'a query gave no rows to read', { hint: 'report it' })
  try {
    for (;;) {
      const page = await resultSet.getRows(PAGE)
      if (page.length > 0) yield page
      if (page.length < PAGE) return
    }
  } finally {
    await resultSet.close().catch(() => {})
  }
}
