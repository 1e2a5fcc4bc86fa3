/**
 * A file system that turns read-only after an error of its own (ext4 with errors=remount-ro on a loop device) and is repaired without a
 * restart of the machine, so that nothing but the disk itself can tell what was lost.
 */
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { openLane } from './lane.ts'

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'ponte-read-only-'))
const [image, mount] = [join(folder, 'image'), join(folder, 'mount')]
const attach = () => run('mount', ['-o', 'loop,errors=remount-ro', image, mount])
/** A heartbeat may have a file open at this very moment. */
const detach = async () => {
  for (let tries = 1; ; tries += 1) {
    const failed = await run('umount', [mount]).catch((error: Error) => error)
    if (!(failed instanceof Error)) return
    if (tries === 100) throw failed
    await sleep(20)
  }
}

const possible = await (async () => {
  try {
    await writeFile(image, '')
    await truncate(image, 32 * 1024 * 1024)
    await run('mkfs.ext4', ['-q', image])
    await mkdir(mount)
    await attach()
    return true
  } catch {
    console.log('LEFT OUT: queue-dirs/read-only (a loop device with ext4 is not permitted here; run as root)')
    return false
  }
})()
afterAll(async () => {
  if (possible) await detach().catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
})

test.runIf(possible)(
  'what was accepted is whole after the repair, what was not is refused, and the process goes on without a restart',
  { timeout: 60_000 },
  async () => {
    const root = join(mount, 'queue')
    const ids = (what: string) => Array.from({ length: 20 }, (_, n) => `${what} ${n}`)
    const child = fork(fileURLToPath(new URL('./testing/webhook-child.ts', import.meta.url)), [root])
    try {
      await once(child, 'message')
      expect(await ask(child, ids('before'))).toEqual(ids('before').map((id) => ({ id, answer: 'accepted' })))

      const { stdout } = await run('findmnt', ['-no', 'SOURCE', mount])
      await writeFile(`/sys/fs/ext4/${basename(stdout.trim())}/trigger_fs_error`, '1')
      for (const { answer } of await ask(child, ids('meanwhile'))) expect(answer).toMatch(/^queue\.disk_(read_only|error)$/)
      await detach()
      for (const { answer } of await ask(child, ids('unmounted'))) expect(answer).toBe('queue.disk_error')
      // 1: it had errors, and has none any more.
      await run('fsck.ext4', ['-fy', image]).catch(({ code }: { code: number }) => expect(code).toBe(1))
      await attach()

      expect(await ask(child, ids('after'))).toEqual(ids('after').map((id) => ({ id, answer: 'accepted' })))
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const lane = await openLane({ root, name: 'leads', leaseMs: 900, heartbeatMs: 100 })
    await lane.recover(async () => undefined)
    const waiting = join(root, 'leads', 'processar')
    const found = await Promise.all(
      (await readdir(waiting)).map(async (name) => JSON.parse(await readFile(join(waiting, name), 'utf8')).id),
    )
    expect(found.sort()).toEqual([...ids('before'), ...ids('after')].sort())
    expect(await readdir(join(root, 'leads', '.tmp'))).toEqual([])
  },
)

async function ask(child: ChildProcess, ids: readonly string[]): Promise<{ id: string; answer: string }[]> {
  const answered = once(child, 'message')
  child.send(ids)
  return ((await answered) as [{ id: string; answer: string }[]])[0]
}
