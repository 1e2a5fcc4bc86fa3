/** A Redis of one test's own, on a port and in a folder of its own, gone with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

export interface PrivateRedis {
  readonly url: string
  readonly child: ChildProcess
  /** As an operator of the server: FLUSHALL. */
  wipe(): Promise<void>
  stop(): Promise<void>
}

const folders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']
const START_LIMIT_MS = 30_000
const program = (): string | undefined => folders.map((folder) => join(folder, 'redis-server')).find((file) => existsSync(file))

/** Whether Redis is not installed; then the line that names the suite is printed, and the caller registers no test. */
export function redisMissing(suite: string): boolean {
  if (program() !== undefined) return false
  console.log(`LEFT OUT: ${suite}: it needs Redis (Debian: apt-get install redis-server).`)
  return true
}

/** @param password asked of every client; default none */
export async function startRedis(password?: string): Promise<PrivateRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-redis-'))
  const until = Date.now() + START_LIMIT_MS
  for (;;) {
    const port = await freePort()
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
    const child = spawn(program()!, [...flags, ...(password === undefined ? [] : ['--requirepass', password])], { stdio: 'ignore' })
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null, ...(password ? { password } : {}) })
    client.on('error', () => {})
    // Somebody else may have taken the port in between: then another one.
    if (await answers(client, child, until)) {
      return {
        url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
        child,
        wipe: async () => void (await client.flushall()),
        async stop() {
          client.disconnect()
          await end(child)
          rmSync(folder, { recursive: true, force: true })
        },
      }
    }
    client.disconnect()
    await end(child)
    if (Date.now() > until) throw new Error('redis-server did not answer')
  }
}

async function answers(client: Redis, child: ChildProcess, until: number): Promise<boolean> {
  while (child.exitCode === null && Date.now() < until) {
    try {
      if (client.status !== 'ready') await client.connect()
      await client.ping()
      return child.exitCode === null
    } catch {
      await sleep(20)
    }
  }
  return false
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
