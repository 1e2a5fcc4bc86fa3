import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 1,
  title: 'SIGKILL at random moments of API, workers and compares',
  needs: [],
  async run(context) {
    const count = context.long ? 200 : 30
    const rig = await openRig(context)
    const books = openBooks(context, rig)
    await rig.webhooks()
    // Slow enough that kills fall into the middle of things.
    await rig.control('PUT', 'faults', { delayMs: 20 })
    const starters = { api: () => rig.api(), one: () => rig.worker(), other: () => rig.worker() }
    const running = { api: await rig.api(), one: await rig.worker(), other: await rig.worker() }
    let [slowest, compares] = [0, 0]
    for (let kill = 0; kill < count; kill++) {
      await books.companies(context.long ? 20 : 8, true)
      await books.edits(4)
      await books.leads(context.long ? 10 : 4)
      await books.phones(2)
      if (kill % 4 === 3) {
        // A compare by itself, killed somewhere between its start and its end.
        const compare = rig.ponte(['run', 'job_execute_spark'])
        await Promise.race([compare, sleep(400 + context.random() * 1_200)])
        compares++
      }
      await sleep(context.random() * 600)
      const victim = (['api', 'one', 'other'] as const)[Math.floor(context.random() * 3)]!
      await running[victim].kill()
      const begun = performance.now()
      running[victim] = await starters[victim]()
      slowest = Math.max(slowest, performance.now() - begun)
    }
    await rig.control('PUT', 'faults', {})
    const figures = await books.drain(context.long ? 1_800 : 180)
    context.check('each is back within 10 s', slowest < 10_000, `${(slowest / 1_000).toFixed(1)} s`)
    return {
      ...figures,
      did: `${count} kills, ${compares} more compares beside them, slowest start after a kill ${(slowest / 1_000).toFixed(1)} s`,
    }
  },
}
