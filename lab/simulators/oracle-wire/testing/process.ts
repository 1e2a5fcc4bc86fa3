/** Programs of this room in processes of their own. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface Program {
  /** Its first line of output, from JSON. */
  readonly first: Record<string, unknown>
  stop(): Promise<void>
}

/** Starts `file` (beside this folder) with one argument, and resolves with its first line. Throws when it ends without one. */
export async function startProgram(file: string, argument: unknown): Promise<Program> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url))
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [path, JSON.stringify(argument)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TZ: 'UTC' },
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const line = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    void ended.then(() => reject(new Error(`${file} ended without a word`)))
  })
  return {
    first: JSON.parse(await line) as Record<string, unknown>,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
