import { spawn } from 'node:child_process'
import { chmod, cp, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from './cluster.ts'
import { type Embedded, startEmbedded } from './embedded.ts'
import { prepareHome } from './home.ts'

const FLAGS = { fsync: 'off' }
const MODULE = fileURLToPath(new URL('./embedded.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

describe('the embedded database', () => {
  let dataDir: string
  const running: Embedded[] = []
  // One folder for all: making a cluster takes longer than everything else here.
  beforeAll(async () => {
    dataDir = join(await mkdtemp(join(tmpdir(), 'ponte-embedded-')), 'data')
    // As a normal folder is; mkdtemp makes 0700.
    await chmod(join(dataDir, '..'), 0o755)
  })
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop()
  })
  afterAll(() => rm(join(dataDir, '..'), { recursive: true }))

  const start = async (options: Partial<Parameters<typeof startEmbedded>[0]> = {}) => {
    const embedded = await startEmbedded({ dataDir, flags: FLAGS, ...options })
    running.push(embedded)
    return embedded
  }
  const ask = async (embedded: Embedded, sql: string, database = 'ponte_erp') => {
    const client = new pg.Client(embedded.url(database))
    await client.connect()
    try {
      return (await client.query(sql)).rows[0]
    } finally {
      await client.end()
    }
  }
  const serverPid = async () => Number((await readFile(join(dataDir, 'pg', 'postmaster.pid'), 'utf8').catch(() => '0')).split('\n')[0])
  /** A server at work, and not the remains of one that nobody has reaped. */
  const alive = (pid: number) =>
    readlink(`/proc/${pid}/exe`).then(
      () => true,
      () => false,
    )
  /** A killed process counts as a user until its session has found out, which a busy machine delays. */
  const alone = (embedded: Embedded) =>
    expect
      .poll(() => ask(embedded, "select count(*)::int as n from pg_stat_activity where application_name = 'ponte-keeper'"), {
        timeout: 10_000,
      })
      .toEqual({ n: 1 })
  /** A ponte process that starts the database and then hangs; resolves once it has. */
  const parent = async () => {
    const script = `import { startEmbedded } from ${JSON.stringify(MODULE)}
      await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, flags: { fsync: 'off' } }); process.stdout.write('up'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: ROOT,
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => resolve())
      child.on('exit', (code) => reject(new Error(`parent ended with ${code}`)))
    })
    return async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    }
  }

  test('a server whose folder of programs was deleted, as with a clone, is replaced: it could load nothing any more', async () => {
    await (await start()).stop()
    running.length = 0
    const home = await prepareHome(dataDir)
    const copy = join(dataDir, '..', 'native')
    await cp(join(home.bin, '..'), copy, { recursive: true, verbatimSymlinks: true })
    await startServer({ ...home, bin: join(copy, 'bin') }, FLAGS)
    await rm(copy, { recursive: true })
    const embedded = await start()
    expect(embedded.adopted).toBe(false)
    await expect(ask(embedded, 'do $$ begin perform 1; end $$')).resolves.toBeUndefined()
  })

  test('starts from nothing, keeps accents and data, and lies private', async () => {
    const first = await start()
    expect(first.adopted).toBe(false)
    expect(await ask(first, "select upper('ação') as u, current_setting('server_encoding') as e, length('é') as l")).toEqual({
      u: 'AÇÃO',
      e: 'UTF8',
      l: 1,
    })
    await ask(first, 'create table kept as select 1 as n')
    expect(await ask(first, 'select 1 as n', 'ponte_state')).toEqual({ n: 1 })
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dataDir, 'pg', 'ponte.password'))).mode & 0o777).toBe(0o600)
    const pid = await serverPid()
    await first.stop()
    expect(await alive(pid)).toBe(false)
    const second = await start()
    expect(second.adopted).toBe(false)
    expect(await ask(second, 'select n from kept')).toEqual({ n: 1 })
    expect(new URL(second.url('x')).port).toBe(new URL(first.url('x')).port)
  })

  test('refuses a wrong password, so its port is of no use to others', async () => {
    const embedded = await start()
    const url = new URL(embedded.url('ponte_erp'))
    url.password = 'guess'
    await expect(new pg.Client(url.href).connect()).rejects.toMatchObject({ code: '28P01' })
  })

  test('adopts the server of a parent that was killed', async () => {
    const kill = await parent()
    const pid = await serverPid()
    await kill()
    expect(await alive(pid)).toBe(true)
    const embedded = await start()
    expect(embedded.adopted).toBe(true)
    expect(await serverPid()).toBe(pid)
    expect(await ask(embedded, 'select 1 as n')).toEqual({ n: 1 })
    await alone(embedded)
    await embedded.stop()
    expect(await alive(pid)).toBe(false)
  })

  test('two that start at once share one server, and the first to stop does not take it from the other', async () => {
    const [kill, here] = await Promise.all([parent(), start()])
    const pid = await serverPid()
    await here.stop()
    expect(await alive(pid)).toBe(true)
    await kill()
    const again = await start()
    expect(again.adopted).toBe(true)
    await alone(again)
    await again.stop()
    expect(await alive(pid)).toBe(false)
  })

  test('a client of someone else keeps the server up', async () => {
    const embedded = await start()
    const stranger = new pg.Client(embedded.url('ponte_erp'))
    await stranger.connect()
    await embedded.stop()
    expect((await stranger.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    await stranger.end()
    await start()
  })

  test('survives a stale pid file: of a dead process, of a stranger, and of nonsense', async () => {
    const embedded = await start()
    const file = join(dataDir, 'pg', 'postmaster.pid')
    const text = await readFile(file, 'utf8')
    await embedded.stop()
    for (const pid of ['4194303', String(process.pid), 'nonsense']) {
      await writeFile(file, text.replace(/^\d+/, pid))
      const next = await start()
      expect(next.adopted).toBe(false)
      expect(await ask(next, 'select 1 as n')).toEqual({ n: 1 })
      await next.stop()
    }
  })

  test('recovers when the server itself was killed', async () => {
    const embedded = await start()
    await ask(embedded, 'create table if not exists kept_too as select 7 as n')
    process.kill(await serverPid(), 'SIGKILL')
    const next = await start()
    expect(await ask(next, 'select n from kept_too')).toEqual({ n: 7 })
  })

  test('takes another port when its own is taken', async () => {
    const first = await start()
    const port = Number(new URL(first.url('x')).port)
    await first.stop()
    const { createServer } = await import('node:net')
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve))
    const next = await start()
    expect(new URL(next.url('x')).port).not.toBe(String(port))
    expect(await ask(next, 'select 1 as n')).toEqual({ n: 1 })
    await new Promise((resolve) => squatter.close(resolve))
  })

  test.runIf(process.getuid?.() === 0)('as root under a private home, the data goes where the server can reach it', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'ponte-private-'))
    const embedded = await start({ dataDir: join(parent, 'data') })
    expect(await ask(embedded, 'select 1 as n')).toEqual({ n: 1 })
    const { home } = await ask(embedded, "select current_setting('data_directory') as home")
    expect(home).toMatch(/^\/var\/lib\/ponte\/[0-9a-f]{16}\/pg$/)
    await embedded.stop()
    await rm(join(home, '..'), { recursive: true })
    await rm(parent, { recursive: true })
  })

  test('a folder that cannot be used is said plainly', async () => {
    const file = join(dataDir, '..', 'file')
    await writeFile(file, 'not a folder')
    await expect(startEmbedded({ dataDir: join(file, 'below') })).rejects.toMatchObject({
      code: 'erp.embedded_folder',
      hint: expect.stringContaining('writable'),
    })
  })
})
