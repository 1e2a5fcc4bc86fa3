/** Takes letters out of processar, oldest first, one at a time. Whoever's rename succeeds has the letter. */
import { chmod } from 'node:fs/promises'
import { PonteError } from '../../base/error.ts'
import { FILE_MODE } from '../../base/files/atomic-file.ts'
import type { House } from '../house.ts'
import type { Claim, Lane, LetterName } from '../lane.types.ts'
import { type ParsedName, singleName } from '../letter/name.ts'
import { type Arrival, oldestArrivals } from './arrivals.ts'
import { type OwnedClaim, openClaim } from './claim.ts'
import type { Watcher } from './heartbeat.ts'
import { type Seat, takeSeat } from './seat.ts'
import { recoverSeats } from './stale-seats.ts'

export function claimLetters(house: House, watcher: Watcher, options: Parameters<Lane['claims']>[0]): AsyncIterableIterator<Claim> {
  const { prefixes, worker, foreign = false, limit = Number.POSITIVE_INFINITY, hands = 1, signal, passBy = () => {} } = options
  const returned = new Set<string>()
  const wanted = (parsed: ParsedName) =>
    prefixes.includes(parsed.prefix) && (foreign || parsed.form !== 'foreign') && !returned.has(parsed.file)
  let seat: Seat | null = null
  let taken = 0
  let inHand: OwnedClaim[] = []
  /** Forgets those that have ended, and gives back the oldest ones beyond `most`. */
  const release = async (most: number) => {
    const open = inHand.filter((claim) => !claim.ended())
    for (const claim of open.slice(0, Math.max(0, open.length - most))) await claim.giveBack()
    for (const claim of inHand) if (claim.returned()) returned.add(claim.name.file)
    inHand = inHand.filter((claim) => !claim.ended())
  }
  const leave = async () => {
    try {
      await release(0)
    } finally {
      await seat?.leave()
      seat = null
    }
  }

  async function* oneByOne(): AsyncGenerator<OwnedClaim> {
    refuseUnknown(house, prefixes)
    await recoverSeats(house, watcher, { wait: false })
    for (let complete = false; !complete; ) {
      await release(hands - 1)
      const pass = await oldestArrivals(house, wanted, passBy)
      // Ends with the first look that finds nothing: what came in meanwhile is taken too.
      complete = pass.complete && pass.arrivals.length === 0
      for (const arrival of pass.arrivals) {
        await release(hands - 1)
        if (taken >= limit || signal?.aborted) return
        // It was given back since this pass began.
        if (returned.has(arrival.parsed.file)) continue
        if (seat === null || !seat.fresh()) {
          await seat?.leave()
          seat = await takeSeat(house, worker)
        }
        const claim = await take(house, seat, arrival)
        if (claim === null) continue
        taken += 1
        inHand.push(claim)
        yield claim
      }
    }
  }

  const letters = oneByOne()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const next = await letters.next().catch(async (error) => {
        // Nobody calls `return` after a failure; of several hands, the others still hold theirs.
        if (hands === 1) await leave()
        throw error
      })
      if (next.done && inHand.every((claim) => claim.ended())) await leave()
      return next
    },
    async return() {
      await letters.return(undefined)
      await leave()
      return { done: true, value: undefined }
    },
  }
}

/** null when another worker was faster. */
async function take(house: House, seat: Seat, { parsed, arrivedAt }: Arrival): Promise<OwnedClaim | null> {
  const ours = parsed.form === 'bulk' || parsed.form === 'single'
  // A name that is not ours may come again tomorrow: it gets one that never does, and progress that is its own.
  const file = ours ? parsed.file : singleName(parsed.prefix, parsed.slug, arrivedAt, house.nextId())
  const path = `${seat.folder}/${file}`
  if (!(await house.disk.rename(`${house.layout.processar}/${parsed.file}`, path))) return null
  if (!ours) await chmod(path, FILE_MODE).catch(() => undefined)
  const name: LetterName = { file, prefix: parsed.prefix, arrivedAt }
  const claim = await openClaim(house, seat, parsed, name)
  if (seat.fresh()) return claim
  // Stopped during the rename, long enough to be taken for dead.
  await claim.giveBack()
  return null
}

export function refuseUnknown(house: House, prefixes: readonly string[]): void {
  const unknown = prefixes.find((prefix) => !house.prefixes.includes(prefix))
  if (unknown === undefined) return
  throw new PonteError('queue.unknown_prefix', `there is no prefix ${JSON.stringify(unknown.slice(0, 60))} in this queue`, {
    hint: 'a new entity names its prefix when the lane is opened: openLane({ prefixes })',
    exitCode: 2,
  })
}
