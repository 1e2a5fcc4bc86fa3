/** A small real file system of one's own: an ext4 image behind a loop device. Needs root. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ExperimentContext, Need } from './experiment.ts'
import { needs, tool } from './programs.ts'

export const diskNeeds: readonly Need[] = [
  needs.linux,
  needs.root,
  needs.program('mkfs.ext4', 'e2fsprogs'),
  needs.program('losetup', 'mount'),
]

export interface LoopDisk {
  readonly path: string
  /** Takes all the room that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
  /** An error of the file system: it turns read-only. @returns how that was done */
  breakIt(): string
  /** Checked and mounted anew, as an operator does. Nobody may have a file open there. */
  repair(): void
}

export function openLoopDisk(context: ExperimentContext, megabytes: number): LoopDisk {
  const [image, path] = [join(context.folder, 'disk.img'), join(context.folder, 'disk')]
  writeFileSync(image, '')
  tool('truncate', '-s', `${megabytes}M`, image)
  tool('mkfs.ext4', '-q', '-F', image)
  mkdirSync(path)
  const isMounted = () => readFileSync('/proc/mounts', 'utf8').includes(` ${path} `)
  const mount = () => tool('mount', '-o', 'loop,errors=remount-ro', image, path)
  mount()
  context.onEnd(() => isMounted() && tool('umount', '--lazy', path))
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      for (const size of [2 ** 20, 4_096, 1]) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
      closeSync(file)
    },
    free: () => rmSync(filler, { force: true }),
    breakIt() {
      const device = basename(tool('findmnt', '-no', 'SOURCE', path).trim())
      const trigger = `/sys/fs/ext4/${device}/trigger_fs_error`
      if (existsSync(trigger)) {
        writeFileSync(trigger, '1')
        return 'an error of ext4 (trigger_fs_error)'
      }
      tool('mount', '-o', 'remount,ro', path)
      return 'mount -o remount,ro'
    },
    repair() {
      tool('umount', path)
      try {
        tool('fsck.ext4', '-fy', image)
      } catch (error) {
        // 1: errors were corrected.
        if ((error as { status?: number }).status !== 1) throw error
      }
      mount()
    },
  }
}
