import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { until } from '../programs.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 17,
  title: 'a worker that stands still past its lease, and wakes',
  needs: [],
  async run(context) {
    const rig = await openRig(context)
    const books = openBooks(context, rig)
    // A CRM that takes duplicates, and so slow that the holder always has something in its hands.
    await rig.control('PUT', 'faults', { delayMs: 150, duplicatePolicy: 'accept' })
    const workers = [await rig.worker(), await rig.worker()]
    const rounds = context.long ? 20 : 3
    let taken = 0
    for (let round = 0; round < rounds; round++) {
      await books.companies(40, true)
      const holder = await until(
        30,
        async () => {
          const { rows } = await rig.state.query<{ worker: string }>(
            `select worker from runs where job = 'job_insert_leads_in_spotter' and ended_at is null order by started_at desc limit 1`,
          )
          return workers.find(({ pid }) => rows[0]?.worker.endsWith(`:${pid}`))
        },
        50,
      )
      if (holder === undefined) continue
      holder.child.kill('SIGSTOP')
      const before = rig.effects().length
      // The lease is 8 s, that of a letter in its hands 30 s.
      await sleep(context.long ? 40_000 : 14_000)
      if (rig.effects().length > before) taken++
      holder.child.kill('SIGCONT')
      await sleep(2_000)
    }
    context.check('the other went on meanwhile', taken > 0, `in ${taken} of ${rounds} rounds`)
    await rig.control('PUT', 'faults', {})
    return {
      ...(await books.drain(180)),
      did: `the worker that delivered was stopped ${rounds} times past its lease and woken; the other went on in ${taken}`,
    }
  },
}
