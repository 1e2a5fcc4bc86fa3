import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Lends a queue root that does not exist yet. `memory`: on /dev/shm where there is one, for tests of order and not of disks. */
export async function withRoot<T>(place: 'memory' | 'disk', act: (root: string) => Promise<T>): Promise<T> {
  const parent = await mkdtemp(join(place === 'memory' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ponte-queue-'))
  try {
    return await act(join(parent, 'queue'))
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}
