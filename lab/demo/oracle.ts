/** The simulated Oracle of a demo, in a process of its own, as somebody else's server would be. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { PonteError } from '../../base/error.ts'
import type { Closer } from '../../cli/closer.ts'

const PASSWORD = 'simulator'

/** @returns the URL of a schema that is empty @throws PonteError `demo.oracle` with what the process said */
export async function startDemoOracle(folder: string, closer: Closer): Promise<string> {
  const main = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../cli/main.ts' : '../../cli/main.js', import.meta.url))
  const words = ['simulator', 'oracle', '--port', '0', '--empty', '--data', folder, '--until-stdin-ends', '--json']
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    [...process.execArgv, main, ...words],
    // Of a group of its own: Ctrl-C goes to us, and we end it last.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  )
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let complaint = ''
  child.stderr.on('data', (text) => {
    complaint += text
  })
  closer.add(async () => {
    child.stdin.end()
    await ended
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    void ended.then(() => reject(failed(complaint)))
  })
  const document = JSON.parse(line) as { ok: boolean; port: number; error?: { message: string; hint: string } }
  if (!document.ok) throw failed(`${document.error?.message}: ${document.error?.hint}`)
  return `oracle://ponte:${PASSWORD}@127.0.0.1:${document.port}/PONTE`
}

function failed(said: string): PonteError {
  return new PonteError('demo.oracle', `the simulated Oracle did not start: ${said.trim() || 'it said nothing'}`, {
    hint: 'run the demo with --erp postgres, which needs nothing',
  })
}
