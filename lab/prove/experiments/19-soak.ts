import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { openFiles, residentMb, slope } from '../figures.ts'
import { crmProxy } from '../proxy.ts'
import { openRedis, redisNeed } from '../redis.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 19,
  title: 'a soak: kills, storms, a broken network and a Redis that dies, at random',
  needs: [],
  async run(context) {
    const minutes = context.long ? 480 : 3
    const withoutRedis = redisNeed()
    if (withoutRedis !== null) context.leaveOut('a Redis that dies', withoutRedis)
    const redis = withoutRedis === null ? await openRedis(context, 'soak') : null
    const { proxy, crmUrl } = await crmProxy(context)
    const env = { CRM_TIMEOUT_MS: '3000', ...(redis ? { REDIS_URL: `redis://127.0.0.1:${redis.port}` } : {}) }
    const rig = await openRig(context, { crmUrl, env })
    const books = openBooks(context, rig)
    await rig.webhooks()
    // These two live through all of it and are watched; the third is the one that is killed.
    const watched = [await rig.api(), await rig.worker()]
    let victim = await rig.worker()
    const harms = {
      async kill() {
        await victim.kill()
        victim = await rig.worker()
      },
      async storm() {
        await rig.control('PUT', 'faults', context.random() < 0.5 ? { storm429: 0.7 } : { errors5xx: 0.7 })
        await sleep(4_000)
        await rig.control('PUT', 'faults', {})
      },
      async network() {
        proxy.mode = context.random() < 0.5 ? 'reset' : 'silent'
        proxy.cut()
        await sleep(4_000)
        proxy.mode = 'open'
      },
      async redis() {
        await redis?.kill()
        await sleep(1_000)
        await redis?.start()
      },
    }
    const names = (['kill', 'storm', 'network', 'redis'] as const).filter((name) => name !== 'redis' || redis !== null)
    const samples: { memory: number[]; files: number[] } = { memory: [], files: [] }
    const count = new Map<string, number>()
    const end = performance.now() + minutes * 60_000
    while (performance.now() < end) {
      // Twice what the CRM's quota of 30 requests in 20 s would carry.
      await books.companies(8, true)
      await books.edits(4)
      await books.leads(2)
      await books.phones(2)
      const name = names[Math.floor(context.random() * names.length)]!
      count.set(name, (count.get(name) ?? 0) + 1)
      await harms[name]()
      await sleep(3_000)
      samples.memory.push(watched.reduce((all, { pid }) => all + residentMb(pid), 0))
      samples.files.push(watched.reduce((all, { pid }) => all + openFiles(pid), 0))
    }
    const figures = await books.drain(context.long ? 1_800 : 180)
    // The first half is how heaps settle.
    const late = samples.memory.slice(Math.floor(samples.memory.length / 2))
    const growth = slope(late) * late.length
    context.check(
      'memory of API and worker stands still',
      growth < (context.long ? 60 : 80),
      `${growth.toFixed(0)} MB more over the second half`,
    )
    const files = slope(samples.files) * samples.files.length
    context.check('so does the number of open files', files < 40, `${files.toFixed(0)} more`)
    const harm = [...count].map(([name, n]) => `${name} ${n}`).join(', ')
    return {
      ...figures,
      did: `${minutes} minutes: ${harm}; memory of API and worker ${growth.toFixed(0)} MB over the second half, open files ${files.toFixed(0)}`,
    }
  },
}
