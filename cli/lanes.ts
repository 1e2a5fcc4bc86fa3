/** How every process of Ponte opens the queue directories: whoever watches for dead holders must know the same lease. */
import type { Settings } from '../deploy/env.ts'

/** How long a job and its letters stay with a process that was killed: another goes on within 10 s (issue 5). */
export const leaseMs = 8_000

export const laneOptions = ({ queueRoot }: Pick<Settings, 'queueRoot'>) => ({ root: queueRoot, leaseMs, heartbeatMs: leaseMs / 5 })
