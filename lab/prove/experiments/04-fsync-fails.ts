import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import { openEvents } from '../events.ts'
import { type Experiment, sum } from '../experiment.ts'
import { openRig, takesInOnly } from '../rig.ts'
import { compileShim, shimNeeds } from '../shim.ts'

export const experiment: Experiment = {
  number: 4,
  title: 'fsync fails with EIO, on queue and snapshots',
  needs: shimNeeds,
  async run(context) {
    const rig = await openRig(context, { isOutward: true })
    const flag = join(context.folder, 'failing')
    const faulty = compileShim(context)({ paths: [rig.queue, join(rig.stateDir, '')], failEvery: 3, flag })
    const books = openBooks(context, rig)
    const events = openEvents(rig)
    await Promise.all([rig.api({ ...takesInOnly, ...faulty }), rig.worker(faulty)])
    const rounds = context.long ? 30 : 3
    let refused = 0
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: 40 }, (_, n) => 7_000_000 + round * 100 + n)
      writeFileSync(flag, '')
      await books.companies(30, true)
      for (const id of ids) {
        const { status } = await events.send(id)
        if (status === 200) continue
        refused++
        context.check('an event whose fsync failed is 503', status === 503, `${status}`)
      }
      await sleep(5_000)
      rmSync(flag)
      await events.repeat(ids)
    }
    context.check('webhooks were refused', refused > 0, `${refused}`)
    const figures = await books.drain(180)
    return {
      ...sum(figures, events.figures()),
      did: `every third fsync below QUEUE_ROOT and STATE_DIR failed, in ${rounds} spells; ${refused} webhooks were refused and sent again`,
    }
  },
}
