/** A Redis of the laboratory's own, with its journal on disk. */
import { mkdirSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { ExperimentContext } from './experiment.ts'
import { freePort, needs, type Program, start, until } from './programs.ts'

export const redisNeed = needs.program('redis-server', 'redis-server')

export interface RedisServer {
  readonly port: number
  readonly client: Redis
  kill(): Promise<void>
  start(): Promise<void>
}

export async function openRedis(context: ExperimentContext, name: string, flags: readonly string[] = []): Promise<RedisServer> {
  const folder = `${context.folder}/redis-${name}`
  mkdirSync(folder)
  const port = await freePort()
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 1, retryStrategy: () => 100 })
  client.on('error', () => {})
  let program: Program
  const it: RedisServer = {
    port,
    client,
    kill: async () => void (await program.kill()),
    async start() {
      const more = ['--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', ...flags]
      program = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...more])
      const answers = await until(30, () => client.ping().catch(() => null), 50)
      if (answers === null) throw new Error('redis-server does not answer')
    },
  }
  context.onEnd(() => client.disconnect())
  context.onEnd(() => it.kill())
  await it.start()
  return it
}
