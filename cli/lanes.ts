/** How every process of Ponte opens the queue directories: whoever watches for dead holders must know the same lease. */
import type { Settings } from '../deploy/env.ts'
import type { Lanes } from '../operations/open-dead.ts'
import { openLane } from '../queue-dirs/lane.ts'
import { kindNames, letterKinds } from '../records/kinds.ts'

/** How long a job and its letters stay with a process that was killed: another goes on within 10 s. */
export const leaseMs = 8_000

export const laneOptions = ({ queueRoot }: Pick<Settings, 'queueRoot'>) => ({ root: queueRoot, leaseMs, heartbeatMs: leaseMs / 5 })

/** The queue directories alone: they can be looked at while every database is away. */
export async function openLanes(settings: Pick<Settings, 'queueRoot'>): Promise<Lanes> {
  const options = { ...laneOptions(settings), prefixes: letterKinds.map(({ prefix }) => prefix) }
  const lanes = await Promise.all(kindNames.map(async (name) => [name, await openLane({ ...options, name })] as const))
  return Object.fromEntries(lanes) as unknown as Lanes
}
