/** Folders of one lane and the checks that must hold before anything is put there. */
import { access, readdir, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { PonteError } from '../base/error.ts'
import type { Disk } from '../base/files/atomic-file.ts'
import type { LaneName } from './lane.types.ts'

export interface Layout {
  readonly lane: string
  readonly tmp: string
  readonly processar: string
  readonly processando: string
  readonly processados: string
  readonly falhas: string
  /** Outcomes per line. They stay here while their letter moves, so a crash between two renames cannot part them. */
  readonly progress: string
}

/**
 * Creates what is missing (folders 0750).
 *
 * @throws PonteError `queue.readable_by_others` when the root or the lane lets others in, `queue.disk_split` when the
 *         folders lie on different file systems, `queue.disk_*` when they cannot be created
 */
export async function prepareLayout(root: string, name: LaneName, disk: Disk): Promise<Layout> {
  const top = resolve(root)
  await disk.mkdir(top)
  const lane = `${top}/${name}`
  const layout: Layout = {
    lane,
    tmp: `${lane}/.tmp`,
    processar: `${lane}/processar`,
    processando: `${lane}/processando`,
    processados: `${lane}/processados`,
    falhas: `${lane}/falhas`,
    progress: `${lane}/.progress`,
  }
  await refuseOthers(top)
  for (const folder of Object.values(layout)) await disk.mkdir(folder)
  await refuseOthers(lane)
  const devices = await Promise.all(Object.values(layout).map(async (folder) => (await stat(folder)).dev))
  if (new Set(devices).size > 1) {
    throw new PonteError('queue.disk_split', `the folders of ${lane} lie on different file systems`, {
      hint: 'mount the whole lane from one file system: letters move by rename, which is atomic only inside one',
      exitCode: 2,
    })
  }
  return layout
}

async function refuseOthers(folder: string): Promise<void> {
  const { mode } = await stat(folder)
  if ((mode & 0o007) === 0) return
  throw new PonteError('queue.readable_by_others', `${folder} is open to others (mode ${(mode & 0o777).toString(8)})`, {
    hint: `it holds personal data: chmod 0750 ${folder}, and give it to the user and group that run ponte`,
    exitCode: 2,
  })
}

/** Names in a folder; empty when the folder is gone. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
