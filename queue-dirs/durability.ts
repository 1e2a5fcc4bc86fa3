import type { Disk } from '../base/atomic-file.ts'

/** How a letter outlives a power cut: by a sync of its own, or in a journal. */
export interface Durability {
  /** Writes it at `path` on the desk; when this resolves its body is durable. */
  write(path: string, name: string, body: string): Promise<Written>
  /** False: use another desk from now on. */
  sound(): boolean
  /** @returns false when the folder holds what only `recover` may remove */
  close(): Promise<boolean>
}

export interface Written {
  /** Call when it was renamed into processar. Resolves when it would be found there after a power cut. */
  published(): Promise<void>
  /** Call when it was removed instead. */
  dropped(): void
}

/** Each letter by an fsync of its own, and one of the folder `processar` that concurrent letters share. */
export function synced(disk: Disk, processar: string): Durability {
  return {
    async write(path, _name, body) {
      await disk.writeNew(path, body)
      return { published: () => disk.syncDirectory(processar), dropped: () => {} }
    },
    sound: () => true,
    close: async () => true,
  }
}
