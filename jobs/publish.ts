/**
 * From a comparison to letters in the queue (architecture 6): outbox first, then the index, then the renames, then the
 * snapshot pointer. Killed anywhere, a restart finishes what was sealed and forgets what was not; nothing is doubled
 * because the changes already queued are suppressed by the next compare.
 */
import type pg from 'pg'
import { decide, type QueuedChange, recordQueued } from '../connectors/state/changes.ts'
import type { Comparison } from '../engine/model.ts'
import type { Lane, Manifest } from '../queue-dirs/lane.types.ts'
import type { Entity } from './entities.ts'
import { writeLine } from './lines.ts'

export interface Published {
  readonly queued: number
  /** The same row is already waiting in the queue. */
  readonly suppressed: number
  /** Sent three times with this very hash without converging: stopped alone (architecture 4). */
  readonly held: readonly string[]
  readonly files: number
}

const chunk = 500

export async function publish(
  deps: { state: pg.Pool; lane: Lane },
  run: { id: string; at: Date },
  entity: Entity,
  comparison: Comparison,
  onProgress: (done: number) => void = () => {},
): Promise<Published> {
  const staging = await deps.lane.stage(run.id, entity.name, entity.prefix, run.at)
  const sent: { key: string; hash: string }[] = []
  const held: string[] = []
  let suppressed = 0
  for await (const changes of comparison.changes()) {
    const decisions = await decide(deps.state, entity.name, changes)
    for (const [index, change] of changes.entries()) {
      if (decisions[index] === 'suppressed') suppressed++
      else if (decisions[index] === 'held') held.push(change.key)
      else {
        await staging.write(writeLine(run.id, entity.name, change))
        sent.push({ key: change.key, hash: change.hash })
      }
    }
    onProgress(sent.length + suppressed + held.length)
  }
  let files = 0
  if (sent.length === 0) await staging.discard()
  else {
    const manifest = await staging.seal(comparison.batchHash, { queued: sent.length })
    files = manifest.files.length
    await recordAll(deps.state, manifest, sent)
    await staging.commit()
  }
  await comparison.promote()
  return { queued: sent.length, suppressed, held, files }
}

/** What `lane.recover` calls for a manifest that a crash left behind: the same record, read back from the letters. */
export function recordManifest(state: pg.Pool) {
  return async (manifest: Manifest, lines: AsyncIterable<{ file: string; text: string }>): Promise<void> => {
    let batch: QueuedChange[] = []
    const flush = async () => {
      if (batch.length > 0) await recordQueued(state, manifest.run, manifest.entity, batch)
      batch = []
    }
    for await (const { file, text } of lines) {
      const line = JSON.parse(text) as { _KEY: string; _HASH: string }
      batch.push({ key: line._KEY, hash: line._HASH, letter: file })
      if (batch.length === chunk) await flush()
    }
    await flush()
  }
}

async function recordAll(state: pg.Pool, manifest: Manifest, sent: readonly { key: string; hash: string }[]): Promise<void> {
  let from = 0
  for (const file of manifest.files) {
    const items = sent.slice(from, from + file.lines).map((item) => ({ ...item, letter: file.name }))
    await recordQueued(state, manifest.run, manifest.entity, items)
    from += file.lines
  }
}
