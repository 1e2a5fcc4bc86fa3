import { randomBytes } from 'node:crypto'
import { openBooks } from '../books.ts'
import { openEvents } from '../events.ts'
import { type Experiment, sum } from '../experiment.ts'
import { openRig, takesInOnly } from '../rig.ts'

export const experiment: Experiment = {
  number: 13,
  title: 'webhooks doubled, reordered, cut, stale, and with secrets that rotate',
  needs: [],
  async run(context) {
    const rig = await openRig(context)
    const books = openBooks(context, rig)
    const next = `whsec_${randomBytes(32).toString('base64')}`
    const both = { WEBHOOK_SECRETS: `${rig.secret},${next}` }
    let api = await rig.api(both)
    const worker = await rig.worker()
    const faults = { duplicate: { share: 1, most: 5 }, reorder: { share: 0.5, events: 2, ms: 1_000 }, half: 0.2 }
    const count = context.long ? 500 : 30
    await rig.webhooks({ faults })
    await books.leads(count)
    await books.phones(count)
    await books.arrive()
    await rig.webhooks({ faults, secrets: [next] })
    await books.leads(count)
    await books.phones(count * 2)
    await books.arrive()

    // From here on by hand, at an API that only takes in.
    await worker.kill('SIGTERM')
    await api.kill('SIGTERM')
    api = await rig.api({ ...both, ...takesInOnly })
    const events = openEvents(rig)
    const expect = async (what: string, status: number, sent: Promise<{ status: number }>) => {
      const saw = (await sent).status
      context.check(what, saw === status, `${saw}`)
    }
    const ago = (minutes: number) => ({ at: new Date(Date.now() - minutes * 60_000) })
    for (let lead = 5_000_001; lead <= 5_000_020; lead++)
      await Promise.all([1, 2, 3, 4, 5].map(() => expect('five copies at once are 200', 200, events.send(lead))))
    await expect('a replay after 6 minutes is 401', 401, events.send(5_000_001, ago(6)))
    await expect('a replay after 75 hours is 401', 401, events.send(5_000_001, ago(75 * 60)))
    await expect('a timestamp from the future is 401', 401, events.send(5_000_001, ago(-6)))
    const stranger = { secret: `whsec_${randomBytes(32).toString('base64')}` }
    await expect('a secret that nobody knows is 401', 401, events.send(5_000_001, stranger))
    await expect('the new secret is 200', 200, events.send(5_000_021, { secret: next }))
    await api.kill('SIGTERM')
    await rig.api({ WEBHOOK_SECRETS: next, ...takesInOnly })
    await expect('the old secret after the rotation is 401', 401, events.send(5_000_022))
    await expect('the new one stays 200', 200, events.send(5_000_023, { secret: next }))
    const byHand = events.figures()
    await rig.stop()
    const { first: _, ...figures } = await books.figures()
    const { events: sent, sent: posts } = await rig.control('GET', 'webhooks')
    return {
      ...sum(figures, byHand),
      did: `${sent} events sent in ${posts} posts, each up to five times, late, out of order or cut; 122 more by hand`,
    }
  },
}
