/**
 * Who belongs to whom. A block is a hundred branches cut into clients of one to twelve; of each client at most one branch takes part
 * in the integration (the CRM refuses a second lead with the same `_cod.cliente`). Planning a block needs nothing of any other.
 *
 *   eligible: flagged, no CRM id: the insert detector's share
 *   linked:   flagged, with the id of a lead in an integrated stage
 *   plain:    the rest, not flagged
 */
import { BLOCK, PAIRS_PER_BLOCK, type Settings } from './options.ts'
import { Random, streams } from './random.ts'

export type Role = 'eligible' | 'linked' | 'plain'

export interface PlannedClient {
  /** Index of its first branch: unique, never depends on how many branches there are in all. */
  readonly index: number
  /** How many branches, 1 to 12. */
  readonly size: number
  readonly role: Role
  /** Which of its branches has the role, 0 to size-1. */
  readonly chosen: number
  /** Counts the clients of one role over the whole data, from 0: ids of leads come from it. */
  readonly ordinal: number
  /** Another client's index whose branch's tax id this one's chosen branch repeats (ambiguous pairs), else null. */
  readonly twinOf: PlannedClient | null
}

/** Of a hundred clients so many have 1, 2, 3, 4, 5..8, 9..12 branches. */
const SIZES = [80, 91, 95.5, 98, 99.5, 100]
const RANGES: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 8],
  [9, 12],
]

function drawSizes(random: Random, atLeast: number): number[] {
  const sizes: number[] = []
  for (let left = BLOCK; left > 0; left -= sizes.at(-1)!) {
    const [from, to] = RANGES[random.place(SIZES)]!
    sizes.push(Math.min(left, random.between(from, to)))
  }
  while (sizes.length < atLeast) {
    const largest = sizes.indexOf(Math.max(...sizes))
    sizes[largest] = sizes[largest]! - 1
    sizes.push(1)
  }
  return sizes
}

/** The clients of block `block` in order of their index. Every client of the block is there, also those past the last branch. */
export function planBlock(settings: Settings, block: number): PlannedClient[] {
  const { eligiblePercent, linkedPercent } = settings
  const random = new Random(settings.seed, streams.plan, block)
  const sizes = drawSizes(random, eligiblePercent + linkedPercent)
  const turn = random.shuffle(sizes.map((_, place) => place))
  const clients: PlannedClient[] = []
  const eligible: PlannedClient[] = []
  const pairs = Math.min(PAIRS_PER_BLOCK, Math.floor(eligiblePercent / 2))
  let index = block * BLOCK
  for (const [place, size] of sizes.entries()) {
    const rank = turn[place]!
    const role = rank < eligiblePercent ? 'eligible' : rank < eligiblePercent + linkedPercent ? 'linked' : 'plain'
    const ordinal =
      role === 'eligible'
        ? block * eligiblePercent + rank
        : role === 'linked'
          ? block * linkedPercent + rank - eligiblePercent
          : block * BLOCK + rank - eligiblePercent - linkedPercent
    const isTwin = role === 'eligible' && eligible.length % 2 === 1 && block * pairs + (eligible.length - 1) / 2 < settings.ambiguous
    const twinOf = isTwin && eligible.length < 2 * pairs ? eligible.at(-1)! : null
    const client: PlannedClient = { index, size, role, chosen: random.chance(75) ? 0 : random.below(size), ordinal, twinOf }
    if (role === 'eligible') eligible.push(client)
    clients.push(client)
    index += size
  }
  return clients
}
