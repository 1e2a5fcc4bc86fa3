/**
 * The real command as a child process, compiled as it ships: it starts in a third of the time that loading TypeScript
 * takes, and what the tests prove is what operators run.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Result {
  /** null: ended by a signal. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface Ponte {
  /** Its main.js. */
  readonly main: string
  /** Runs to the end. `env` replaces the whole environment, except for PATH, HOME and the compile cache. */
  (args: readonly string[], env?: Environment, cwd?: string): Promise<Result>
  /** @param input for its standard input; default none */
  start(args: readonly string[], env?: Environment, cwd?: string, input?: string): Started
  /** Ends what a failed test left running, and removes the compiled command. */
  remove(): void
}

export interface Started {
  readonly child: ChildProcess
  /** Resolves with standard output once it holds the text; rejects when the process ends first. */
  shows(text: string): Promise<string>
  readonly ended: Promise<Result>
}

/** Compiles the command into a folder of its own (no type check: `npm test` does that once). */
export function compilePonte(): Ponte {
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const out = mkdtempSync(join(cache, 'ponte-cli-'))
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', out, '--noCheck', '--sourceMap', 'false'], {
    cwd: root,
  })
  execFileSync(process.execPath, [join(root, 'deploy/copy-assets.mjs'), out])

  const running = new Set<ChildProcess>()
  const start = (args: readonly string[], env: Environment = {}, cwd?: string, input = ''): Started => {
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env
    const child = spawn(process.execPath, [join(out, 'cli/main.js'), ...args], {
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // A command that does not read it may be gone before it is written.
    child.stdin.on('error', () => {}).end(input)
    running.add(child)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk
    })
    const ended = new Promise<Result>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => {
        running.delete(child)
        resolve({ code, stdout, stderr })
      })
    })
    return {
      child,
      ended,
      shows: (text) =>
        new Promise((resolve, reject) => {
          const look = () => stdout.includes(text) && resolve(stdout)
          child.stdout.on('data', look)
          ended.then(() => reject(new Error(`ended without showing "${text}": ${stdout}${stderr}`)), reject)
          look()
        }),
    }
  }
  return Object.assign((args: readonly string[], env?: Environment, cwd?: string) => start(args, env, cwd).ended, {
    start,
    main: join(out, 'cli/main.js'),
    remove() {
      for (const child of running) child.kill('SIGKILL')
      rmSync(out, { recursive: true, force: true })
    },
  })
}
