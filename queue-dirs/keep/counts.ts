import { stat } from 'node:fs/promises'
import { HEARTBEAT } from '../claim/heartbeat.ts'
import { isBody } from '../dead/dead-letters.ts'
import type { House } from '../house.ts'
import type { Lane } from '../lane.types.ts'
import { namesIn } from '../layout.ts'
import { entriesIn } from '../letter/files-in.ts'
import { parseName, UNKNOWN_PREFIX } from '../letter/name.ts'

type Count = Awaited<ReturnType<Lane['counts']>>[number]
type Folder = Count['folder']

/** Streams processar, every worker's folder, and falhas. Files that no claim will ever take are counted as `unknown`. */
export async function countLetters(house: House): Promise<Count[]> {
  const { processar, processando, falhas } = house.layout
  const totals = new Map<string, Count>()
  const add = async (folder: Folder, at: string, file: string, isFile: boolean) => {
    const parsed = isFile ? parseName(file, house.prefixes) : null
    const arrivedAt = parsed?.arrivedAt ?? (await stat(`${at}/${file}`).catch(() => null))?.mtimeMs ?? null
    const prefix = parsed?.prefix ?? UNKNOWN_PREFIX
    const key = `${folder}/${prefix}`
    const { files, oldest } = totals.get(key) ?? { files: 0, oldest: null }
    totals.set(key, {
      folder,
      prefix,
      files: files + 1,
      oldest: arrivedAt === null ? oldest : Math.trunc(Math.min(arrivedAt, oldest ?? arrivedAt)),
    })
  }
  for await (const { name, isFile } of entriesIn(house, processar))
    if (!name.startsWith('.')) await add('processar', processar, name, isFile)
  for (const seat of await namesIn(processando))
    for await (const { name, isFile } of entriesIn(house, `${processando}/${seat}`))
      if (name !== HEARTBEAT && name.endsWith('.json')) await add('processando', `${processando}/${seat}`, name, isFile)
  for await (const { name, isFile } of entriesIn(house, falhas)) if (isFile && isBody(name)) await add('falhas', falhas, name, isFile)
  return [...totals.values()].sort((a, b) => `${a.folder}/${a.prefix}`.localeCompare(`${b.folder}/${b.prefix}`))
}

/** Waiting, then in hand, then waiting again: a letter that is claimed or given back meanwhile is seen on one side of its rename. */
export async function undeliveredLetters(house: House): Promise<Set<string>> {
  const { processar, processando } = house.layout
  const found = new Set<string>()
  // Between two of its steps, a letter that is edited lies under its name with `.edited`.
  const collect = async (folder: string) => {
    for await (const { name } of entriesIn(house, folder)) found.add(name.replace(/\.edited$/, ''))
  }
  await collect(processar)
  for (const seat of await namesIn(processando)) await collect(`${processando}/${seat}`)
  await collect(processar)
  return found
}
