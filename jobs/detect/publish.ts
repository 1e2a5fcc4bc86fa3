/**
 * From a comparison to letters in the queue: outbox first, then the index, then the renames, then the
 * snapshot pointer. Killed anywhere, a restart finishes what was sealed and forgets what was not; nothing is doubled
 * because the changes already queued are suppressed by the next compare. Stopped past its lease and woken, it publishes
 * nothing: another compare has looked since, and old values must not follow new ones.
 */
import type pg from 'pg'
import { decide, forgetSends, sentAgain } from '../../connectors/state/changes/changes.ts'
import { type QueuedChange, recordQueued } from '../../connectors/state/changes/queueing.ts'
import { type Lease, leaseLost } from '../../connectors/state/runs/leases.ts'
import { isOvertaken } from '../../connectors/state/runs/runs.ts'
import type { Comparison } from '../../engine/model.ts'
import type { Lane, Manifest } from '../../queue-dirs/lane.types.ts'
import type { Entity } from '../../records/kinds.ts'
import { writeLine } from '../../records/lines.ts'

export interface Published {
  readonly queued: number
  /** The same row is already waiting in the queue. */
  readonly suppressed: number
  /** Sent three times with this very hash without converging: stopped alone. */
  readonly held: readonly string[]
  /** An operator does not want these values sent. */
  readonly discarded: number
  readonly files: number
}

const chunk = 500

export async function publish(
  deps: { state: pg.Pool; lane: Lane },
  run: { id: string; at: Date; lease: Lease },
  entity: Entity,
  comparison: Comparison,
  onProgress: (done: number) => void = () => {},
): Promise<Published> {
  const { id, at, lease } = run
  const staging = await deps.lane.stage(id, entity.name, entity.prefix, at)
  const sent: { key: string; hash: string }[] = []
  const held: string[] = []
  let suppressed = 0
  let discarded = 0
  let manifest: Manifest | null = null
  try {
    const converged = await sentAgain(deps.state, entity.name)
    for await (const changes of comparison.changes()) {
      const decisions = await decide(deps.state, entity.name, changes)
      for (const [index, change] of changes.entries()) {
        converged.delete(change.key)
        if (decisions[index] === 'suppressed') suppressed++
        else if (decisions[index] === 'discarded') discarded++
        else if (decisions[index] === 'held') held.push(change.key)
        else {
          await staging.write(writeLine(id, entity.name, change))
          sent.push({ key: change.key, hash: change.hash })
        }
      }
      onProgress(sent.length + suppressed + discarded + held.length)
    }
    if (!lease.held()) throw leaseLost(lease.name)
    if (converged.size > 0) await forgetSends(deps.state, entity.name, [...converged])
    if (sent.length > 0) manifest = await staging.seal(comparison.batchHash, { queued: sent.length })
  } finally {
    // What is sealed is finished, here or by recover; what is not was never promised.
    if (manifest === null) await staging.discard()
  }
  if (manifest !== null) {
    await recordAll(deps.state, manifest, sent, lease)
    await staging.commit()
  }
  await comparison.promote()
  return { queued: sent.length, suppressed, discarded, held, files: manifest?.files.length ?? 0 }
}

/**
 * What `lane.recover` calls for a manifest that a crash left behind: the same record, read back from the letters. When a later
 * compare has been through since, what this one found is old: its letters end without a call.
 */
export function recordManifest(state: pg.Pool) {
  return async (manifest: Manifest, lines: AsyncIterable<{ file: string; text: string }>): Promise<void> => {
    const overtaken = await isOvertaken(state, manifest.run)
    let batch: QueuedChange[] = []
    const flush = async () => {
      if (batch.length > 0) await recordQueued(state, manifest.run, manifest.entity, batch, { overtaken })
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

async function recordAll(state: pg.Pool, manifest: Manifest, sent: readonly { key: string; hash: string }[], fence: Lease): Promise<void> {
  let from = 0
  for (const file of manifest.files) {
    const items = sent.slice(from, from + file.lines).map((item) => ({ ...item, letter: file.name }))
    await recordQueued(state, manifest.run, manifest.entity, items, { fence })
    from += file.lines
  }
}
