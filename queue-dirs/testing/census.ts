/** The checker: where every line lies, read from the folders alone. Lines are `{"id":...}`. */

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { parseName } from '../letter/name.ts'

export type Place = 'pending' | 'done' | 'dead'

export interface Census {
  readonly places: ReadonlyMap<string, readonly Place[]>
  /** Files that hold something else than whole lines. */
  readonly torn: readonly string[]
  /** Anything in .tmp or processando, and sidecars without a letter. */
  readonly leftovers: readonly string[]
  readonly orphanProgress: readonly string[]
}

/** @param lane folder of the lane */
export async function takeCensus(lane: string): Promise<Census> {
  const places = new Map<string, Place[]>()
  const torn: string[] = []
  const files = (await readdir(lane, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(lane.length + 1))
  const count = async (path: string, place: Place) => {
    const text = await readFile(`${lane}/${path}`, 'utf8')
    const lines = text.split('\n').filter((line) => line !== '')
    if (lines.length === 0 || parseName(path.slice(path.lastIndexOf('/') + 1)) === null) torn.push(path)
    for (const line of lines) {
      const id = idOf(line)
      if (id === null) torn.push(path)
      else places.set(id, [...(places.get(id) ?? []), place])
    }
  }
  for (const path of files) {
    if (path.startsWith('processar/')) await count(path, 'pending')
    if (path.startsWith('processados/')) await count(path, 'done')
    if (path.startsWith('falhas/') && !path.endsWith('.error.json')) await count(path, 'dead')
    if (path.endsWith('.error.json')) JSON.parse(await readFile(`${lane}/${path}`, 'utf8'))
  }
  const leftovers = files.filter(
    (path) =>
      path.startsWith('.tmp/') ||
      path.startsWith('processando/') ||
      (path.endsWith('.error.json') && !existsSync(`${lane}/${path.slice(0, -'.error.json'.length)}`)),
  )
  const folders = [...(await readdir(`${lane}/.tmp`)), ...(await readdir(`${lane}/processando`))]
  const letters = new Set(files.filter((path) => path.startsWith('processar/')).map((path) => path.slice('processar/'.length)))
  const orphanProgress = files.filter(
    (path) => path.startsWith('.progress/') && !letters.has(path.slice('.progress/'.length).replace(/\.\d+$/, '')),
  )
  return { places, torn, leftovers: [...leftovers, ...folders], orphanProgress }
}

export function idOf(line: string): string | null {
  try {
    const { id } = JSON.parse(line) as { id?: unknown }
    return typeof id === 'string' ? id : null
  } catch {
    return null
  }
}
