/**
 * Who writes a heartbeat. When the owner is a process of this very kernel and pid namespace, its death can be proven at
 * once through /proc; otherwise (another host, another container, no Linux) only the lease can tell.
 */
import { readFileSync, readlinkSync } from 'node:fs'

export interface Owner {
  /** Boot id and pid namespace: equal means that pids can be compared. */
  readonly realm: string
  readonly pid: number
  /** Start time of the process in clock ticks since boot: the same pid of a later process differs. */
  readonly started: string
}

const attempt = <T>(read: () => T): T | null => {
  try {
    return read()
  } catch {
    return null
  }
}

/** null when it cannot be read. Fields 3 and 22 of /proc/<pid>/stat; the name in field 2 may hold blanks and brackets. */
function inspect(pid: number): { state: string; started: string } | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', started: fields[19] ?? '' }
}

function realm(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'))
  return boot === null || namespace === null ? '' : `${boot} ${namespace}`
}

export function thisProcess(): Owner {
  return { realm: realm(), pid: process.pid, started: inspect(process.pid)?.started ?? '' }
}

/**
 * `gone`: certainly dead. `running`: certainly there and not stopped; whether it still works, its heartbeat tells.
 * `unknown`: stopped (SIGSTOP, debugger), or not visible from here.
 */
export function judgeOwner(owner: Owner): 'gone' | 'running' | 'unknown' {
  if (owner.realm === '' || owner.started === '' || owner.realm !== realm()) return 'unknown'
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'unknown'
  }
  const found = inspect(owner.pid)
  if (found === null) return 'unknown'
  // Z and X are dead processes that nobody has waited for yet.
  if (found.started !== owner.started || found.state === 'Z' || found.state === 'X') return 'gone'
  return found.state === 'T' || found.state === 't' ? 'unknown' : 'running'
}
