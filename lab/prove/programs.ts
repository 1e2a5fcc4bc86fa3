/** Programs as processes of their own. Whatever still runs when an experiment ends is killed with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly pid: number
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** The first line of standard output, parsed as JSON. Rejects when the program ends before. */
  // biome-ignore lint/suspicious/noExplicitAny: each command prints a document of its own form
  document(): Promise<any>
  /** Resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<Ended>
}

export type Environment = Readonly<Record<string, string | undefined>>

const running = new Set<ChildProcess>()

export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

export function start(file: string, args: readonly string[], env: Environment = {}): Program {
  const { PATH, HOME } = process.env
  const child = spawn(file, args, { env: { PATH, HOME, TZ: 'UTC', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-100_000)))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, stdout, stderr })
    })
  })
  // Whoever waits for it hears of it; nobody has to.
  ended.catch(() => {})
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    document: () =>
      new Promise((resolve, reject) => {
        const look = () => stdout.includes('\n') && resolve(JSON.parse(stdout.slice(0, stdout.indexOf('\n'))))
        child.stdout.on('data', look)
        ended.then(() => reject(new Error(`${args.join(' ')} ended too early: ${stdout}${stderr}`)), reject)
        look()
      }),
    kill(signal = 'SIGKILL') {
      child.kill(signal)
      return ended
    },
  }
}

/** Runs a tool to its end. @throws when it fails */
export const tool = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/sbin']
export const has = (program: string): boolean => folders.some((folder) => existsSync(join(folder, program)))
export const isRoot = (): boolean => process.getuid?.() === 0

export const needs = {
  program: (name: string, debian: string) => () => (has(name) ? null : `${name} is not installed (Debian: apt-get install ${debian})`),
  root: () => (isRoot() ? null : 'mounting and network namespaces need root: run it with sudo'),
  linux: () => (process.platform === 'linux' ? null : 'only Linux has what it uses'),
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Asks until the answer is truthy. @returns it, or the last one when the time is over */
export async function until<T>(seconds: number, ask: () => T | Promise<T>, everyMs = 250): Promise<T> {
  const end = performance.now() + seconds * 1_000
  for (;;) {
    const answer = await ask()
    if (answer || performance.now() > end) return answer
    await sleep(everyMs)
  }
}
