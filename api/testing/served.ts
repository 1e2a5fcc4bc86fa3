/** Starts `serve-child.ts` and speaks to it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Figures, Served } from './serve-child.ts'

export interface ServedApi {
  readonly url: string
  readonly child: ChildProcess
  figures(): Promise<Figures>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM. @returns its exit code */
  stop(): Promise<number | null>
}

/** @param threads of Node's pool, as the service unit sets them */
export async function serveApi(served: Served, { execArgv = [] as readonly string[], threads = 4 } = {}): Promise<ServedApi> {
  const script = fileURLToPath(new URL('./serve-child.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(served)], {
    // The pages are TSX, which Node does not read by itself.
    execArgv: ['--import', 'tsx', ...execArgv],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
  })
  const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])])) as [{ url: string } | null]
  if (first === null) throw new Error('the API ended before it listened')
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    return child.exitCode
  }
  return {
    url: first.url,
    child,
    async figures() {
      const answer = once(child, 'message')
      child.send('figures')
      return ((await answer) as [Figures])[0]
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}
