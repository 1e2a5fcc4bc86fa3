import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { PonteError } from '../../../base/error.ts'
import { createLog } from '../../../base/log/log.ts'
import { testSeed } from '../../../base/testing/random.ts'
import { memoryQuota } from '../memory-quota.ts'
import type { Quota } from '../quota.ts'
import { type ScriptedServer, type Seen, type Step, scriptedServer } from '../testing.ts'
import { type SpotterOptions, spotter } from './spotter.ts'
import type { Spotter } from './types.ts'

const token = '8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f'
const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const quick: Partial<SpotterOptions> = {
  backoff: { baseMs: 20, factor: 2, maxMs: 80 },
  timeoutMs: 400,
  listTimeoutMs: 600,
  breaker: { failures: 1_000 },
}
async function setUp(
  script: readonly Step[] | ((seen: Seen, index: number) => Step),
  options: Partial<SpotterOptions> = {},
): Promise<{ crm: Spotter; server: ScriptedServer }> {
  const server = await scriptedServer(script)
  const crm = spotter({ baseUrl: server.baseUrl, token, quota: null, ...quick, ...options })
  open.push(
    () => server.close(),
    () => crm.close(),
  )
  return { crm, server }
}
const ok = (value: unknown, status = 200): Step => ({ do: 'reply', status, body: { value } })
const error = (status: number, message: string): Step => ({ do: 'reply', status, body: { error: { code: '', message } } })
const thrown = (work: Promise<unknown>) =>
  work.then(
    (value) => ({ value }),
    (reason: unknown) => reason,
  )

describe('a read', () => {
  const faults: readonly (readonly [string, Step])[] = [
    ['HTTP 500', { do: 'reply', status: 500 }],
    ['an HTML 502', { do: 'reply', status: 502, body: '<html>Bad gateway</html>' }],
    ['HTTP 408', { do: 'reply', status: 408 }],
    ['a dropped connection', { do: 'drop' }],
    ['a reset', { do: 'reset' }],
    ['silence', { do: 'stall' }],
    ['half a body', { do: 'cut', status: 200, body: '{"value":[{"id":' }],
    ['truncated JSON of the right length', { do: 'reply', status: 200, body: '{"value":[{"id":' }],
    ['HTML with HTTP 200', { do: 'reply', status: 200, body: '<html>maintenance</html>' }],
    ['429', { do: 'reply', status: 429 }],
    ['an over-limit error with HTTP 200', { do: 'reply', status: 200, body: { error: { message: 'Rate limit exceeded' } } }],
  ]
  it.each(faults)('is repeated after %s', async (_name, fault) => {
    const { crm, server } = await setUp([fault, fault, ok([{ id: 7, lead: 'Alfa' }])])
    expect(await crm.leadById(7)).toMatchObject({ id: 7, lead: 'Alfa' })
    expect(server.seen).toHaveLength(3)
  })
  it.each(faults)('ends after three attempts with %s, and is never in doubt', async (_name, fault) => {
    const { crm, server } = await setUp([fault])
    expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.unavailable', inDoubt: false })
    expect(server.seen).toHaveLength(3)
  })

  it('takes 404 for "there is none", and the answer without rows too', async () => {
    const { crm } = await setUp([error(404, 'Lead not found'), ok([])])
    expect(await crm.leadById(7)).toBeNull()
    expect(await crm.leadById(7)).toBeNull()
  })

  it('does not take the row of someone else for the one it asked for', async () => {
    const { crm } = await setUp([ok([{ id: 8, lead: 'Beta', cnpj: '1' }])])
    expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.unexpected_answer' })
    expect(await thrown(crm.leadsByTaxId('2'))).toMatchObject({ code: 'crm.unexpected_answer' })
  })

  it('escapes what it puts into a filter, and compares tax ids without punctuation', async () => {
    const { crm, server } = await setUp([ok([{ id: 1, cnpj: "12.ABC.345/01DE-35'" }])])
    expect(await crm.leadsByTaxId("12abc34501de35'")).toHaveLength(1)
    expect(server.seen[0]?.path).toBe("Leads?$filter=cnpj eq '12abc34501de35'''")
  })

  it('makes text of numbers and null of what is missing', async () => {
    const { crm } = await setUp([
      ok([
        { id: '7', lead: 'Alfa', cnpj: 12345678000195, phone1: 551133334444, industry: { id: 1, value: 'X' }, updateDate: 'u', extra: {} },
      ]),
    ])
    expect(await crm.leadById(7)).toEqual({
      id: 7,
      lead: 'Alfa',
      cnpj: '12345678000195',
      stage: '',
      industry: { value: 'X' },
      source: null,
      phone1: '551133334444',
      ...{ street: null, cep: null, number: null, complement: null, district: null, city: null, state: null },
      registerDate: '',
      updateDate: 'u',
    })
  })

  it.each([[{ value: 'x' }], [{ value: [{ lead: 'no id' }] }], [{}], [[]], ['null']])(
    'of the wrong form is an error that names no value: %j',
    async (body) => {
      const { crm } = await setUp([{ do: 'reply', status: 200, body }])
      expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.unexpected_answer' })
    },
  )

  it('refused by the CRM is an error with its reason, masked', async () => {
    const { crm } = await setUp([error(400, 'dto : ana@x.com.br is wrong')])
    const reason = await thrown(crm.leadById(7))
    expect(reason).toMatchObject({ code: 'crm.read_refused' })
    expect((reason as Error).message).toContain('dto : [email] is wrong')
  })

  it('of a list never takes the token to the host of a next link', async () => {
    const elsewhere = await scriptedServer([ok([])])
    open.push(() => elsewhere.close())
    const { crm, server } = await setUp((seen) =>
      seen.path.includes('skiptoken')
        ? ok([{ id: 2 }])
        : { do: 'reply', status: 200, body: { value: [{ id: 1 }], '@odata.nextLink': `${elsewhere.baseUrl}Leads?$skiptoken=abc` } },
    )
    const found = []
    for await (const batch of crm.leads()) found.push(...batch)
    expect(found.map((lead) => lead.id)).toEqual([1, 2])
    expect(elsewhere.seen).toHaveLength(0)
    expect(server.seen[1]?.path).toBe('Leads?$skiptoken=abc')
  })

  it('of a list stops with the reason of its signal, also while it waits for the quota', async () => {
    const quota = memoryQuota({ limit: 1, windowMs: 60_000 })
    const { crm, server } = await setUp([ok(Array.from({ length: 500 }, (_, i) => ({ id: i + 1 })))], { quota })
    const controller = new AbortController()
    const reason = new Error('stop')
    setTimeout(() => controller.abort(reason), 100)
    const read = async () => {
      for await (const _ of crm.leads(controller.signal)) {
        // The second page has to wait a minute.
      }
    }
    expect(await thrown(read())).toBe(reason)
    expect(server.seen).toHaveLength(1)
  })
})

describe('a write', () => {
  const doubtful: readonly (readonly [string, Step])[] = [
    ['drops before it answers', { do: 'drop' }],
    ['resets in the middle of the request', { do: 'reset' }],
    ['stays silent', { do: 'stall' }],
    ['answers 500', { do: 'reply', status: 500 }],
    ['answers 502 in HTML', { do: 'reply', status: 502, body: '<html>' }],
    ['answers 503', { do: 'reply', status: 503, headers: { 'retry-after': '1' } }],
    ['answers 504', { do: 'reply', status: 504 }],
    ['answers 408', { do: 'reply', status: 408 }],
    ['redirects', { do: 'reply', status: 302, headers: { location: '/v4/' } }],
    ['breaks off its success', { do: 'cut', status: 201, body: '{"value":' }],
    ['answers success that cannot be read', { do: 'reply', status: 201, body: '<html>ok</html>' }],
    ['breaks off its refusal', { do: 'cut', status: 400, body: '{"error":' }],
  ]
  it.each(doubtful)('is in doubt at once, and sent once, when the CRM %s', async (_name, step) => {
    const { crm, server } = await setUp([step, ok(7, 201)])
    expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({ code: 'crm.unavailable', inDoubt: true })
    expect(server.seen).toHaveLength(1)
  })
  it('is in doubt when a create succeeds without the new id', async () => {
    for (const step of [ok('x', 201), ok(null, 201), { do: 'reply', status: 201 } as const]) {
      const { crm } = await setUp([step])
      expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({ code: 'crm.unavailable', inDoubt: true })
    }
  })

  it('is repeated after 429, until the attempts are used up, and is not in doubt then', async () => {
    const { crm, server } = await setUp([
      { do: 'reply', status: 429 },
      { do: 'reply', status: 429 },
      ok(7, 201),
      { do: 'reply', status: 429 },
    ])
    expect(await crm.addLead({ name: 'Alfa' })).toEqual({ ok: true, value: 7 })
    expect(server.seen).toHaveLength(3)
    expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({
      code: 'crm.unavailable',
      inDoubt: false,
      retryAfterMs: expect.any(Number),
    })
    expect(server.seen).toHaveLength(6)
  })

  it('is repeated, and not in doubt, when nobody listens', async () => {
    const gone = await scriptedServer([])
    await gone.close()
    const crm = spotter({ baseUrl: gone.baseUrl, token, quota: null, ...quick })
    open.push(() => crm.close())
    const reason = await thrown(crm.addLead({ name: 'Alfa' }))
    expect(reason).toMatchObject({ code: 'crm.unavailable', inDoubt: false, cause: { code: 'ECONNREFUSED' } })
    expect((reason as Error).message).toContain('after 3 attempts')
  })

  it('takes any success code', async () => {
    const { crm } = await setUp([ok(7), { do: 'reply', status: 204 }, { do: 'reply', status: 201 }])
    expect(await crm.addLead({ name: 'Alfa' })).toEqual({ ok: true, value: 7 })
    expect(await crm.updateLead(7, { phone: '1' })).toEqual({ ok: true, value: undefined })
    expect(await crm.removeRecommendedProduct(7, 10001)).toEqual({ ok: true, value: undefined })
  })
})

describe('429', () => {
  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2_000).toUTCString()],
  ])('with Retry-After as %s holds the request that long', async (_name, header) => {
    const { crm, server } = await setUp((_seen, index) =>
      index === 0 ? { do: 'reply', status: 429, headers: { 'retry-after': header() } } : ok([]),
    )
    await crm.leadById(7)
    expect((server.seen[1]?.at ?? 0) - (server.seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(950)
  })

  it('holds all who share the quota', async () => {
    const quota = memoryQuota({ limit: 100, windowMs: 1_000 })
    const server = await scriptedServer((_seen, index) =>
      index === 0 ? { do: 'reply', status: 429, headers: { 'retry-after': '1' } } : ok([]),
    )
    const clients = [1, 2].map(() => spotter({ baseUrl: server.baseUrl, token, quota, ...quick }))
    open.push(() => server.close(), ...clients.map((client) => () => client.close()))
    const [first, second] = clients as [Spotter, Spotter]
    const held = first.leadById(7)
    while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await Promise.all([held, second.leadById(7)])
    expect(server.seen).toHaveLength(3)
    for (const late of server.seen.slice(1)) expect(late.at - (server.seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it('that asks for longer than we sleep is handed to the caller, and the others are held', async () => {
    const blocks: number[] = []
    const quota: Quota = {
      take: async () => ({ fresh: () => true }),
      blockFor: async (ms) => void blocks.push(ms),
      close: async () => undefined,
    }
    const { crm, server } = await setUp([{ do: 'reply', status: 429, headers: { 'retry-after': '300' } }], { quota })
    expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({ inDoubt: false, retryAfterMs: 300_000 })
    expect(server.seen).toHaveLength(1)
    expect(blocks).toEqual([300_000])
  })

  it('storms end well: 70% errors, and every read is answered in the end', async () => {
    const seed = testSeed()
    console.info(`storm seed ${seed}`)
    let state = seed
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      return (state >>> 0) / 2 ** 32
    }
    const bad: readonly Step[] = [
      { do: 'reply', status: 429, headers: { 'retry-after': '0' } },
      { do: 'reply', status: 429 },
      { do: 'reply', status: 503 },
      { do: 'drop' },
      { do: 'reply', status: 502, body: '<html>' },
    ]
    const { crm } = await setUp(() => (random() < 0.7 ? (bad[Math.floor(random() * bad.length)] as Step) : ok([{ id: 7 }])), {
      attempts: 40,
      backoff: { baseMs: 1, factor: 2, maxMs: 20 },
    })
    const found = await Promise.all(Array.from({ length: 50 }, () => crm.leadById(7)))
    expect(found.every((lead) => lead?.id === 7)).toBe(true)
  })
})

describe('the breaker', () => {
  it('opens after failures in a row, answers at once meanwhile, lets one probe through and closes', async () => {
    let healthy = false
    let now = 0
    const { crm, server } = await setUp(() => (healthy ? ok([]) : { do: 'reply', status: 500 }), {
      attempts: 1,
      breaker: { failures: 3, pauseMs: 300 },
      monotonic: () => now,
    })
    for (let i = 0; i < 3; i++) await thrown(crm.leadById(7))
    expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({
      code: 'crm.unavailable',
      inDoubt: false,
      retryAfterMs: expect.any(Number),
    })
    expect(server.seen).toHaveLength(3)
    now += 301
    await thrown(crm.leadById(7))
    expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.unavailable' })
    expect(server.seen).toHaveLength(4)
    healthy = true
    now += 301
    expect(await crm.leadById(7)).toBeNull()
    expect(await Promise.all([crm.leadById(7), crm.leadById(7)])).toEqual([null, null])
  })

  it('does not open for refused lines, a refused token or 429', async () => {
    for (const step of [error(400, 'bad'), { do: 'reply', status: 401 } as const, { do: 'reply', status: 429 } as const]) {
      const { crm, server } = await setUp([step], { attempts: 1, breaker: { failures: 2, pauseMs: 60_000 } })
      for (let i = 0; i < 5; i++) await thrown(crm.addLead({ name: 'Alfa' }))
      expect(server.seen).toHaveLength(5)
    }
  })
})

describe('configuration faults', () => {
  it.each([401, 403])('HTTP %d says the token is refused, once, with exit code 2', async (status) => {
    const { crm, server } = await setUp([{ do: 'reply', status, body: { error: { message: `token ${token} is unknown` } } }])
    const reason = await thrown(crm.addLead({ name: 'Alfa' }))
    expect(reason).toMatchObject({ code: 'crm.token_refused', exitCode: 2 })
    expect(server.seen).toHaveLength(1)
  })
  it.each([
    ['in HTML', { do: 'reply', status: 404, body: '<html>nginx</html>' } as const],
    ['about the path', error(404, 'No HTTP resource was found that matches the request URI.')],
  ])('a 404 %s says the address is wrong, not that there is no such lead', async (_name, step) => {
    const { crm } = await setUp([step])
    expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({ code: 'crm.endpoint_missing', exitCode: 2 })
    expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.endpoint_missing', exitCode: 2 })
  })
  it('a bare 404 means "none" for what a lead has, and a fault for a filtered list', async () => {
    const { crm } = await setUp([{ do: 'reply', status: 404 }])
    expect(await crm.persons(7)).toEqual([])
    expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.read_refused' })
  })
})

it('sends nothing when the quota cannot be asked, and says so', async () => {
  const cause = new PonteError('crm.quota_unavailable', 'no database', { hint: 'start it' })
  const quota: Quota = { take: () => Promise.reject(cause), blockFor: () => Promise.reject(cause), close: async () => undefined }
  const { crm, server } = await setUp([ok([])], { quota })
  expect(await thrown(crm.addLead({ name: 'Alfa' }))).toMatchObject({ code: 'crm.unavailable', inDoubt: false, hint: 'start it', cause })
  expect(server.seen).toHaveLength(0)
})

it('takes another permit when one went stale while it connected', async () => {
  let permits = 0
  const quota: Quota = {
    take: async () => ({
      fresh: (
        (nth) => () =>
          nth > 1
      )(++permits),
    }),
    blockFor: async () => undefined,
    close: async () => undefined,
  }
  const { crm, server } = await setUp([ok(7, 201)], { quota })
  expect(await crm.addLead({ name: 'Alfa' })).toEqual({ ok: true, value: 7 })
  expect([permits, server.seen.length]).toEqual([2, 1])
})

it('never has more requests under way than its concurrency', async () => {
  let running = 0
  let most = 0
  const server = await scriptedServer(() => {
    running += 1
    most = Math.max(most, running)
    setTimeout(() => (running -= 1), 30)
    return { ...ok([]), delayMs: 30 } as Step
  })
  const crm = spotter({ baseUrl: server.baseUrl, token, quota: null, ...quick, concurrency: 3 })
  open.push(
    () => server.close(),
    () => crm.close(),
  )
  await Promise.all(Array.from({ length: 20 }, () => crm.leadById(7)))
  expect(most).toBe(3)
})

it('fetches the sales reps once for all, and refuses an empty list', async () => {
  const { crm, server } = await setUp([ok([{ key: '_cod.gestores', options: [{ value: '12' }, { value: 34 }] }])])
  const [one, two] = await Promise.all([crm.salesReps(), crm.salesReps()])
  expect([...one]).toEqual(['12', '34'])
  expect(two).toBe(one)
  expect(server.seen).toHaveLength(1)
  const empty = await setUp([ok([])])
  expect(await thrown(empty.crm.salesReps())).toMatchObject({ code: 'crm.unexpected_answer' })
})

it('is of no use after it was closed, and lets what runs end', async () => {
  const { crm, server } = await setUp([{ ...ok(7, 201), delayMs: 100 } as Step])
  const running = crm.addLead({ name: 'Alfa' })
  while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await crm.close()
  expect(await running).toEqual({ ok: true, value: 7 })
  expect(await thrown(crm.leadById(7))).toMatchObject({ code: 'crm.closed' })
})

it('never shows the token: not in errors with all their causes, not when inspected, not in the log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ponte-crm-'))
  const file = join(folder, 'log')
  const log = createLog({ name: 'crm', level: 'trace', file })
  const steps: readonly Step[] = [
    { do: 'drop' },
    { do: 'stall' },
    { do: 'reply', status: 401, body: { error: { message: token } } },
    { do: 'reply', status: 500, body: token },
    { do: 'reply', status: 400, body: { error: { message: `who is ${token}` } } },
    { do: 'cut', status: 200, body: token, length: -1 },
    { do: 'reply', status: 200, body: `{"value":"${token}"` },
    { do: 'reply', status: 404, body: `<${token}>` },
  ]
  const texts: string[] = []
  for (const step of steps) {
    const { crm } = await setUp([step], { log, timeoutMs: 200 })
    for (const outcome of [await thrown(crm.addLead({ name: 'Alfa' })), await thrown(crm.leadById(7))]) {
      log.error(outcome as object, 'failed')
      texts.push(inspect(outcome, { depth: 20, showHidden: true, getters: true }), JSON.stringify(outcome))
    }
    texts.push(inspect(crm, { depth: 20, showHidden: true, getters: true }))
  }
  texts.push(await readFile(file, 'utf8'))
  await rm(folder, { recursive: true })
  expect(texts.join('\n')).toContain('crm.unavailable')
  expect(texts.join('\n')).not.toContain(token)
})
