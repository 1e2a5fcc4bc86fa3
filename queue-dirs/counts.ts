import { opendir, stat } from 'node:fs/promises'
import { isBody } from './dead-letters.ts'
import { HEARTBEAT } from './heartbeat.ts'
import type { House } from './house.ts'
import type { Lane } from './lane.types.ts'
import { namesIn } from './layout.ts'
import { parseName, UNKNOWN_PREFIX } from './name.ts'

type Count = Awaited<ReturnType<Lane['counts']>>[number]
type Folder = Count['folder']

/** Streams processar, every worker's folder, and falhas. Files that no claim will ever take are counted as `unknown`. */
export async function countLetters(house: House): Promise<Count[]> {
  const { processar, processando, falhas } = house.layout
  const totals = new Map<string, Count>()
  const add = async (folder: Folder, path: string, isFile: boolean) => {
    const file = path.slice(path.lastIndexOf('/') + 1)
    const parsed = isFile ? parseName(file, house.prefixes) : null
    const at = parsed?.arrivedAt ?? (await stat(path).catch(() => null))?.mtimeMs ?? null
    const prefix = parsed?.prefix ?? UNKNOWN_PREFIX
    const key = `${folder}/${prefix}`
    const { files, oldest } = totals.get(key) ?? { files: 0, oldest: null }
    totals.set(key, { folder, prefix, files: files + 1, oldest: at === null ? oldest : Math.trunc(Math.min(at, oldest ?? at)) })
  }
  await each(processar, (name, isFile) => (name.startsWith('.') ? undefined : add('processar', `${processar}/${name}`, isFile)))
  for (const seat of await namesIn(processando)) {
    await each(`${processando}/${seat}`, (name, isFile) =>
      name === HEARTBEAT || !name.endsWith('.json') ? undefined : add('processando', `${processando}/${seat}/${name}`, isFile),
    )
  }
  await each(falhas, (name, isFile) => (isBody(name) ? add('falhas', `${falhas}/${name}`, isFile) : undefined))
  return [...totals.values()].sort((a, b) => `${a.folder}/${a.prefix}`.localeCompare(`${b.folder}/${b.prefix}`))
}

/** Waiting, then in hand, then waiting again: a letter that is claimed or given back meanwhile is seen on one side of its rename. */
export async function undeliveredLetters(house: House): Promise<Set<string>> {
  const { processar, processando } = house.layout
  const found = new Set<string>()
  // Between two of its steps, a letter that is edited lies under its name with `.edited`.
  const collect = (folder: string) => each(folder, async (name) => void found.add(name.replace(/\.edited$/, '')))
  await collect(processar)
  for (const seat of await namesIn(processando)) await collect(`${processando}/${seat}`)
  await collect(processar)
  return found
}

async function each(folder: string, visit: (name: string, isFile: boolean) => Promise<void> | undefined): Promise<void> {
  const directory = await opendir(folder, { bufferSize: 256 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (directory === null) return
  for await (const entry of directory) await visit(entry.name, entry.isFile())
}
