import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { openProxy } from '../proxy.ts'
import { openRedis, redisNeed } from '../redis.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 10,
  title: 'Redis is killed, emptied, full, replaced by its replica',
  needs: [redisNeed],
  async run(context) {
    const main = await openRedis(context, 'main')
    const replica = await openRedis(context, 'replica', ['--replicaof', `127.0.0.1 ${main.port}`])
    // In front of both, as a fail-over's virtual address is.
    const proxy = await openProxy({ port: main.port })
    context.onEnd(() => proxy.close())
    const rig = await openRig(context, { env: { REDIS_URL: `redis://127.0.0.1:${proxy.port}` } })
    const books = openBooks(context, rig)
    await rig.webhooks()
    await Promise.all([rig.api(), rig.worker(), rig.worker()])
    const feed = async () => {
      await books.companies(15, true)
      await books.edits(5)
      await books.leads(4)
      await sleep(1_000 + context.random() * 2_000)
    }
    for (let round = 0; round < (context.long ? 10 : 1); round++) {
      await feed()
      await main.kill()
      await sleep(3_000)
      await main.start()
      await feed()
      await main.client.flushall()
      await feed()
      await main.client.config('SET', 'maxmemory', '1mb')
      await main.client.config('SET', 'maxmemory-policy', 'noeviction')
      await feed()
      await sleep(3_000)
      await main.client.config('SET', 'maxmemory', '0')
      await feed()
    }
    await main.kill()
    proxy.target.port = replica.port
    await replica.client.replicaof('NO', 'ONE')
    proxy.cut()
    await feed()
    return { ...(await books.drain(120)), did: 'SIGKILL with AOF everysec, FLUSHALL, maxmemory reached, and a replica that takes over' }
  },
}
