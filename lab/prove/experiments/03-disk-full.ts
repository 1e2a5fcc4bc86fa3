import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import { diskNeeds, openLoopDisk } from '../disk.ts'
import { openEvents } from '../events.ts'
import { type Experiment, sum } from '../experiment.ts'
import { openRig, takesInOnly } from '../rig.ts'

export const experiment: Experiment = {
  number: 3,
  title: 'the disk of the queue is full',
  needs: diskNeeds,
  async run(context) {
    const disk = openLoopDisk(context, 16)
    const rig = await openRig(context, { queue: `${disk.path}/queue`, isOutward: true })
    const books = openBooks(context, rig)
    const events = openEvents(rig)
    await Promise.all([rig.api(takesInOnly), rig.worker()])
    const rounds = context.long ? 20 : 2
    let refused = 0
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: 40 }, (_, n) => 7_000_000 + round * 100 + n)
      for (const id of ids.slice(0, 20)) await events.send(id)
      await books.companies(30, true)
      await sleep(context.random() * 3_000)
      disk.fill()
      await books.companies(30, true)
      for (const id of ids.slice(20)) {
        const { status, retryAfter } = await events.send(id)
        if (status === 200) continue
        refused++
        context.check('a full disk is 503 with Retry-After', status === 503 && retryAfter !== null, `${status}, ${retryAfter}`)
      }
      // Compares come by meanwhile, and cannot publish.
      await sleep(5_000)
      disk.free()
      await events.repeat(ids)
    }
    context.check('webhooks were refused', refused > 0, `${refused}`)
    const figures = await books.drain(180)
    return {
      ...sum(figures, events.figures()),
      did: `an ext4 of 16 MB filled ${rounds} times in mid-run; ${refused} webhooks were answered 503 and sent again`,
    }
  },
}
