/** Who acts through a route, and on which letter. */
import type { Context } from 'hono'
import { audited } from '../../connectors/state/people/audit.ts'
import type { DeadLine } from '../../operations/dead-line.ts'
import { linesNumbered, type OpenDead, openIn } from '../../operations/open-dead.ts'
import type { Operator } from '../../operations/operator.ts'
import type { ApiDeps } from '../deps.ts'
import { actorOf } from '../http/auth.ts'
import { ApiError } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'

export const operatorOf = ({ lanes, state, log }: ApiDeps, c: Context<ApiEnv>): Operator => ({
  ...{ lanes, state, log },
  actor: actorOf(c),
  audited: audited(state),
})

/** By its whole name. @throws ApiError NOT_FOUND */
export async function letterNamed({ lanes }: Pick<ApiDeps, 'lanes'>, file: string): Promise<OpenDead> {
  for (const lane of Object.values(lanes)) {
    const dead = await openIn(lane, file)
    if (dead !== null) return dead
  }
  throw new ApiError('NOT_FOUND', 'There is no such letter in falhas.', { hint: 'GET /queue/falhas lists them' })
}

/** null: all of it. @throws PonteError `falhas.no_such_line` */
export const chosenLines = (dead: OpenDead, numbers: readonly number[] | undefined): DeadLine[] | null =>
  numbers === undefined || numbers.length === 0 ? null : linesNumbered(dead.lines ?? [], numbers)
