import { type Disk, type DiskOp, openDisk } from '../../base/files/atomic-file.ts'

export interface FaultyDisk {
  readonly disk: Disk
  /** Changes to the disk asked for so far. */
  steps(): number
  /** What the fault hit, for messages. */
  hit(): string | null
}

/** From the n-th change on (from 1) nothing reaches the disk any more: the process is dead, also for its own cleaning up. */
export function stoppingDisk(n: number): FaultyDisk {
  return faulty((count) => count >= n, 'ESTOPPED')
}

/** The n-th change, and only that, fails with `code`; the process lives and may try again. */
export function failingDisk(n: number, code: string): FaultyDisk {
  return faulty((count) => count === n, code)
}

function faulty(fails: (count: number) => boolean, code: string): FaultyDisk {
  let count = 0
  let hit: string | null = null
  const onStep = (op: DiskOp, path: string) => {
    count += 1
    if (!fails(count)) return
    hit ??= `${op} ${path.split('/').slice(-2).join('/')}`
    throw Object.assign(new Error(`${code}: made up`), { code, syscall: op })
  }
  return { disk: openDisk({ room: 'queue', onStep }), steps: () => count, hit: () => hit }
}
