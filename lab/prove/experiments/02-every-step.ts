import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBooks } from '../books.ts'
import { openEvents } from '../events.ts'
import { type Experiment, sum } from '../experiment.ts'
import { openRig, takesInOnly } from '../rig.ts'
import { compileShim, shimNeeds } from '../shim.ts'

/** Far more steps than one of these has; the loops end by themselves before. */
const most = 400

export const experiment: Experiment = {
  number: 2,
  title: 'killed before every single write, fsync and rename',
  needs: shimNeeds,
  async run(context) {
    const rig = await openRig(context, { isOutward: true })
    const shim = compileShim(context)
    const books = openBooks(context, rig)
    const paths = [rig.queue, join(rig.stateDir, 'snapshots')]
    const jobs = ['job_execute_spark', 'job_insert_leads_in_spotter', 'job_insert_contacts_in_spotter']
    // By default each third step, which ones by the seed.
    const [first, stride] = context.long ? [1, 1] : [1 + (context.seed % 3), 3]
    const steps: string[] = []
    for (const job of jobs) {
      let n = first
      for (; n < most; n += stride) {
        await books.companies(1, true)
        for (const before of jobs.slice(0, jobs.indexOf(job))) await rig.ponte(['run', before])
        const { code } = await rig.ponte(['run', job], shim({ paths, exitAt: n }))
        // It came through: there is no n-th step.
        if (code !== null) break
      }
      context.check(`${job} is killed at least three times`, n > 3 * stride, `${n} steps`)
      steps.push(`${job} up to step ${n}`)
    }

    const events = openEvents(rig)
    const flag = join(context.folder, 'counting')
    let n = 1
    for (; n < most; n++) {
      const api = await rig.api({ ...takesInOnly, ...shim({ paths, exitAt: n, flag }) })
      writeFileSync(flag, '')
      const { status } = await events.send(8_000_000 + n)
      rmSync(flag)
      await api.kill()
      if (status === 200) break
    }
    context.check('the API is killed at least three times', n > 3, `${n} steps`)
    await rig.api(takesInOnly)
    for (let again = 1; again < n; again++) await events.send(8_000_000 + again)
    await rig.worker()
    const figures = await books.drain(120)
    return { ...sum(figures, events.figures()), did: `${steps.join(', ')}; API up to step ${n} of a webhook` }
  },
}
