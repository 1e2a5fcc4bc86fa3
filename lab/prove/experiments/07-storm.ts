import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { crmProxy } from '../proxy.ts'
import { openRig } from '../rig.ts'

/** So long that the margin of the quota, 2.5 % of it, covers what a busy machine adds to the way of a request. */
const [limit, windowMs] = [200, 10_000]
/** A request that had its permit when the CRM said "wait" may still go. */
const underWayMs = 300

export const experiment: Experiment = {
  number: 7,
  title: 'a storm of 429 and 5xx',
  needs: [],
  async run(context) {
    const requests: number[] = []
    const waits: { from: number; to: number }[] = []
    const look = (from: 'client' | 'server', text: string) => {
      const now = performance.now()
      if (from === 'client' && /^(GET|POST|PUT|DELETE) /.test(text)) requests.push(now)
      const after = from === 'server' && /^HTTP\/1.1 429/.test(text) ? /\r\nretry-after: *([^\r]+)/i.exec(text)?.[1] : undefined
      if (after) waits.push({ from: now, to: now + (/^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - Date.now()) })
    }
    const quota = ['--limit', String(limit), '--window', String(windowMs)]
    const { crmUrl } = await crmProxy(context, look)
    const env = { CRM_RATE_LIMIT: String(limit), CRM_RATE_WINDOW_MS: String(windowMs) }
    const rig = await openRig(context, { crmFlags: quota, crmUrl, env })
    const books = openBooks(context, rig)
    await Promise.all([rig.worker(), rig.worker()])
    const faults = [
      ...(['seconds', 'date', 'none'] as const).map((retryAfter) => ({ storm429: { share: 0.7, retryAfter, seconds: 2 } })),
      { errors5xx: 0.7 },
    ]
    const each = context.long ? 75 : 12
    for (const fault of faults) {
      await rig.control('PUT', 'faults', fault)
      for (let second = 0; second < each; second += 3) {
        await books.companies(10, true)
        await sleep(3_000)
      }
    }
    await rig.control('PUT', 'faults', {})
    const figures = await books.drain(context.long ? 1_200 : 180)
    const { maxInWindow, counts } = await rig.control('GET', `requests?windowMs=${windowMs}`)
    const most = maxInWindow.authenticated
    context.check(`never more than ${limit + 1} requests in ${windowMs / 1_000} s`, most <= limit + 1, `${most}`)
    const early = requests.filter((at) => waits.some(({ from, to }) => at > from + underWayMs && at < to - 50))
    context.check('Retry-After is waited for', waits.length > 0 && early.length === 0, `${early.length} came early, ${waits.length} waits`)
    const refused = Object.entries(counts as Record<string, number>).reduce((all, [name, n]) => all + (/ (429|5..)$/.test(name) ? n : 0), 0)
    context.check('the storm struck', refused > 20, `${refused} refusals`)
    return {
      ...figures,
      did: `${each * 4} s of 70 % refusals, ${refused} in all, Retry-After in seconds, as a date, absent; at most ${most} requests in ${windowMs / 1_000} s, ${limit} allowed`,
    }
  },
}
