import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PonteError } from '../error.ts'
import { createLog, type Log, withLogFields } from './log.ts'

let folder: string
let file: string
let log: Log

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ponte-log-'))
  file = join(folder, 'deep', 'ponte.log')
  log = createLog({ name: 'test', file, level: 'debug' })
})
afterEach(() => rm(folder, { recursive: true }))

const lines = async () =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const last = async () => (await lines()).at(-1) ?? {}

describe('a log line', () => {
  it('is JSON with level, ISO time, process and logger, in a file that others cannot read', async () => {
    log.info({ entity: 'leads', ms: 12 }, 'page %s of %d', 'one', 2)
    expect(await last()).toMatchObject({ level: 'info', pid: process.pid, logger: 'test', entity: 'leads', ms: 12, msg: 'page one of 2' })
    expect((await last()).time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    expect((await stat(file)).mode & 0o007).toBe(0)
  })

  it('carries the fields of the work that it is written in, masked, across awaits, and no others', async () => {
    const work = (dag: string) =>
      withLogFields({ dag_id: dag, note: 'ana@x.com.br' }, async () => {
        await stat(folder)
        log.info({ own: 1 }, 'inside')
        log.child({ child: 1 }).info('inside a child')
      })
    await Promise.all([work('one'), work('two')])
    log.info('outside')
    const written = await lines()
    expect(written.filter(({ dag_id }) => dag_id === 'one')).toMatchObject([
      { own: 1, msg: 'inside' },
      { child: 1, msg: 'inside a child' },
    ])
    expect(written.filter(({ dag_id }) => dag_id === 'two')).toHaveLength(2)
    expect(await last()).not.toHaveProperty('dag_id')
    expect(JSON.stringify(written)).not.toContain('ana@')
  })

  it('holds nothing that a terminal obeys, and says the same', async () => {
    log.info({ text: '\u009b2J\u202egnp.exe' }, 'from outside: \u001b]0;x\u0007\u007f')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(await readFile(file, 'utf8')).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    expect(await last()).toMatchObject({ text: '\u009b2J\u202egnp.exe', msg: 'from outside: \u001b]0;x\u0007\u007f' })
  })

  it('below the level is not written', async () => {
    const quiet = createLog({ name: 'test', file, level: 'warn' })
    quiet.info('nothing')
    quiet.warn('something')
    expect(await lines()).toHaveLength(1)
  })

  it('hides known keys at any depth, however they are spelled, and keeps null', async () => {
    log.info({
      token: 't0p',
      token_exact: 't0p',
      headers: { Authorization: 't0p', 'X-Api-Key': 't0p', 'api-key': 't0p' },
      rows: [{ EMAIL: 't0p', Phone1: 't0p', TAXID: 't0p', cnpj: 't0p', NAME: 't0p', lead: { password: { a: 't0p' } }, phone: null }],
      DB_PASSWD: 't0p',
    })
    const line = await last()
    expect(JSON.stringify(line).replace('"X-Api-Key":"t0p"', '')).not.toContain('t0p')
    expect(line).toMatchObject({ token: '[hidden]', rows: [{ EMAIL: '[hidden]', phone: null }] })
  })

  it('masks every other text: messages, format arguments, fields, keys given as msg', async () => {
    log.info('to ana@x.com.br')
    log.info('to %s', 'ana@x.com.br')
    log.info({ note: 'to ana@x.com.br' }, 'about %s', '12345678000195')
    log.info({ msg: 'to ana@x.com.br' })
    log.info({ a: 1 }, 'object %o', { mail: 'ana@x.com.br' })
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain('ana@')
    expect(text).not.toContain('12345678000195')
    expect(await lines()).toHaveLength(5)
  })

  it('tells errors with code, hint and causes, masked, and without what libraries hang on them', async () => {
    const cause = Object.assign(new Error('refused for ana@x.com.br'), { code: 'ECONNREFUSED', request: { headers: 't0p' } })
    const error = new PonteError('crm.x', 'no luck with 12345678000195', { hint: 'call ana@x.com.br', cause })
    log.error({ err: error }, 'failed')
    log.error(error)
    log.error(error, 'with %s', 'ana@x.com.br')
    for (const line of await lines()) {
      expect(line.err).toMatchObject({
        code: 'crm.x',
        hint: 'call [email]',
        message: 'no luck with [number]',
        cause: { code: 'ECONNREFUSED' },
      })
    }
    const text = await readFile(file, 'utf8')
    expect(text).not.toMatch(/ana@|12345678000195|t0p/)
  })

  it('masks the bindings of children and grandchildren', async () => {
    const child = log.child({ token: 't0p', note: 'ana@x.com.br', entity: 'leads' }).child({ password: 't0p', job: 'x' })
    child.info('hello')
    expect(await last()).toMatchObject({ token: '[hidden]', password: '[hidden]', note: '[email]', entity: 'leads', job: 'x' })
  })

  it('survives cycles, depth, throwing getters, big numbers, buffers and invalid dates', async () => {
    const cycle: Record<string, unknown> = {
      n: 12n,
      bytes: Buffer.from('t0p'),
      when: new Date(Number.NaN),
      map: new Map([['token', 't0p']]),
    }
    cycle.self = cycle
    let deep: Record<string, unknown> = {}
    for (let i = 0; i < 10_000; i++) deep = { deep }
    const trap = {
      get bad(): string {
        throw new Error('t0p')
      },
    }
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('t0p')
        },
      },
    )
    log.info({ cycle, deep, trap, proxy, many: Array.from({ length: 1_000 }, (_, i) => i), nothing: undefined }, 'still here')
    const line = await last()
    expect(line).toMatchObject({
      msg: 'still here',
      cycle: { n: '12', bytes: '[3 bytes]', when: null, self: '[circular]', map: { token: '[hidden]' } },
      trap: { bad: '[unreadable]' },
      proxy: '[unreadable]',
    })
    expect((line.many as unknown[]).length).toBe(101)
    expect(JSON.stringify(line)).not.toContain('t0p')
  })

  it('costs little: a line that is not written costs almost nothing, a written one well below a millisecond', () => {
    const time = (work: () => void, times: number) => {
      // CPU time: the machine may be busy.
      const started = process.cpuUsage()
      for (let i = 0; i < times; i++) work()
      const { user, system } = process.cpuUsage(started)
      return (user + system) / times
    }
    const written = time(() => log.info({ entity: 'leads', key: '12345678', attempt: 1, ms: 12 }, 'delivered to the CRM'), 5_000)
    const skipped = time(() => log.trace({ entity: 'leads' }, 'not written'), 50_000)
    console.info(`log: ${written.toFixed(1)} µs per line written, ${skipped.toFixed(2)} µs per line skipped`)
    expect(written).toBeLessThan(1_000)
    expect(skipped).toBeLessThan(20)
  })
})
