import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { Pool } from 'undici'
import { type Sent, sent } from '../../../api/webhooks/testing/hostile.ts'
import type { Experiment } from '../experiment.ts'
import { quantile, residentMb } from '../figures.ts'
import { openRig, takesInOnly } from '../rig.ts'

const together = 4
const hashOf = (body: Buffer) => createHash('sha256').update(body).digest('hex')

export const experiment: Experiment = {
  number: 14,
  title: 'hostile bodies',
  needs: [],
  async run(context) {
    const rig = await openRig(context)
    // It only takes in: what it accepts stays where it can be counted.
    const api = await rig.api({ ...takesInOnly, WEBHOOK_SECRETS: undefined, API_REQUESTS_PER_MINUTE: '0' })
    const pool = new Pool(rig.apiUrl, { connections: together })
    context.onEnd(() => pool.destroy())
    const [accepted, statuses] = [new Set<string>(), new Map<number, number>()]
    const [taken, times]: [number[], number[]] = [[], []]
    let goodRefused = 0
    const post = async ({ body, headers, chunked, good }: Sent) => {
      const begun = performance.now()
      const answer = await pool
        .request({
          ...{ method: 'POST', path: '/atualizalead', headers: { authorization: `Bearer ${rig.token}`, ...headers } },
          body: chunked ? Readable.from([body.subarray(0, body.length >> 1), body.subarray(body.length >> 1)]) : body,
        })
        .catch(() => null)
      await answer?.body.dump()
      // It may hang up on a sender that goes on after the limit of 1 MiB.
      const status = answer?.statusCode ?? (body.length > 2 ** 20 ? 413 : 0)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status === 200) accepted.add(hashOf(body))
      if (body.length < 2 ** 20) (status === 200 ? taken : times).push(performance.now() - begun)
      if (good && status !== 200) goodRefused++
    }
    const batch = async (count: number, seed: number) => {
      const bodies = fc.sample(fc.array(sent, { minLength: together, maxLength: together }), { numRuns: Math.ceil(count / together), seed })
      for (const some of bodies) await Promise.all(some.map(post))
    }
    // What the runtime takes once is not counted as growth.
    await batch(1_000, context.seed)
    const before = residentMb(api.pid)
    // The machine's own pace: what a good body takes.
    const limit = Math.max(100, 4 * quantile(taken, 0.99))
    const cases = context.long ? 100_000 : 4_000
    for (let done = 0; done < cases; done += 500) await batch(500, context.seed + 1 + done)
    const grown = residentMb(api.pid) - before

    const kept = rig.letters('processar').map((file) => hashOf(readFileSync(join(rig.queue, file))))
    const out = [...accepted].filter((hash) => kept.includes(hash)).length
    const p99 = quantile(times, 0.99)
    const codes = [...statuses].map(([status, n]) => `${status}: ${n}`).join(', ')
    context.check(
      'every answer is 200, 400, 413 or 415',
      [...statuses.keys()].every((one) => [200, 400, 413, 415].includes(one)),
      codes,
    )
    context.check('no good body is refused', goodRefused === 0, `${goodRefused}`)
    context.check(
      'what is refused leaves nothing',
      kept.every((hash) => accepted.has(hash)),
      `${kept.length} letters`,
    )
    context.check(`refusals take less than ${limit.toFixed(0)} ms (p99)`, p99 < limit, `${p99.toFixed(0)} ms`)
    // Some thousand are too few to tell a leak from how a heap settles.
    context.check('memory does not grow', grown < (context.long ? 50 : 100), `${grown.toFixed(0)} MB`)
    context.check('the API lives', api.child.exitCode === null, `${api.child.exitCode}`)
    context.check('the CRM saw nothing', rig.effects().length === 0, `${rig.effects().length} effects`)
    const did = `${cases + 1_000} bodies (${codes}); refusals in ${p99.toFixed(0)} ms (p99), memory grew by ${grown.toFixed(0)} MB`
    return { in: accepted.size, out, doubled: kept.length - new Set(kept).size, lost: accepted.size - out, did }
  },
}
