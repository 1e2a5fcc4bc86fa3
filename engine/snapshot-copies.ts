/** The files of all snapshots for a backup, while compares go on. What was committed never changes; old ones may go while we look. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads the file at `path` for `name`, its place below `snapshots`. Answers false when there is none (any more). */
type Take = (name: string, path: string) => Promise<boolean>

/**
 * Snapshots that a pointer names or named, their pointers last. A retention that removes one meanwhile leaves it out; the newest is looked
 * for again when it was overtaken.
 * @returns files taken
 */
export async function copySnapshots(stateDir: string, takeFile: Take): Promise<number> {
  const top = join(stateDir, 'snapshots')
  let files = 0
  const take: Take = async (name, path) => {
    const there = await takeFile(name, path)
    if (there) files++
    return there
  }
  for (const entity of await namesIn(top)) await copyEntity(join(top, entity), entity, take)
  return files
}

/** Looks, before an entity is left without a pointer: its guards then have no last run to compare with. */
const tries = 5

/** What a copy may be called; anything else in a backup is not ours. */
export const isSnapshotName = (name: string): boolean =>
  /^[a-z_.]+\/(current\.json|\d+\/(rows\.parquet|changes\.parquet|meta\.json))$/.test(name)

async function copyEntity(folder: string, entity: string, take: Take): Promise<void> {
  const taken = new Set<string>()
  for (let tried = 1; tried <= tries; tried++) {
    const newest = await sequenceOf(folder)
    if (newest === null) return
    let whole = true
    for (const sequence of (await namesIn(folder)).filter((name) => /^\d+$/.test(name) && Number(name) <= newest)) {
      for (const file of await namesIn(join(folder, sequence))) {
        const name = `${entity}/${sequence}/${file}`
        if (taken.has(name) || !isSnapshotName(name)) continue
        if (await take(name, join(folder, sequence, file))) taken.add(name)
        else if (Number(sequence) === newest) whole = false
      }
    }
    if (!whole || !taken.has(`${entity}/${newest}/meta.json`)) continue
    // The pointer is its snapshot's description.
    await take(`${entity}/current.json`, join(folder, String(newest), 'meta.json'))
    return
  }
}

async function sequenceOf(folder: string): Promise<number | null> {
  const text = await readFile(join(folder, 'current.json'), 'utf8').catch(() => null)
  const sequence = text === null ? Number.NaN : Number((JSON.parse(text) as { sequence?: unknown }).sequence)
  return Number.isSafeInteger(sequence) ? sequence : null
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
