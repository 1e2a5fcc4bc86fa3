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
    const timed = async (name: keyof typeof starters) => {
      const begun = performance.now()
      const program = await starters[name]()
      return { program, seconds: (performance.now() - begun) / 1_000 }
    }
    const running = { api: await timed('api'), one: await timed('one'), other: await timed('other') }
    const unharmed = Math.max(...Object.values(running).map(({ seconds }) => seconds))
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
      await running[victim].program.kill()
      running[victim] = await timed(victim)
      slowest = Math.max(slowest, running[victim].seconds)
    }
    await rig.control('PUT', 'faults', {})
    const figures = await books.drain(context.long ? 1_800 : 180)
    // On a machine that is busy with other things a start takes its time, killed or not.
    const limit = Math.max(10, unharmed * 4)
    context.check(`each is back within ${limit.toFixed(0)} s`, slowest < limit, `${slowest.toFixed(1)} s`)
    return {
      ...figures,
      did: `${count} kills, ${compares} more compares beside them, slowest start after a kill ${slowest.toFixed(1)} s, unharmed ${unharmed.toFixed(1)} s`,
    }
  },
}
