/** Webhooks into letters: what is kept, what is refused, what is a repeat. Signatures are made by the official package. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { openApi, type TestApi, tokens } from '../testing/api.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const newer = `whsec_${randomBytes(24).toString('base64')}`
const pathSecret = 'path-secret-of-more-than-24-characters'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const seen = new Set<string>()
const letters = (lane = 'leads') => readdirSync(join(api.queue, lane, 'processar'))
const content = (file: string, lane = 'leads') => readFileSync(join(api.queue, lane, 'processar', file), 'utf8')
/** Letters that came since the last look. */
const fresh = (lane = 'leads') => {
  const news = letters(lane).filter((file) => !seen.has(file))
  for (const file of news) seen.add(file)
  return news.sort()
}
afterEach(() => {
  fresh('leads')
  fresh('contacts')
  api.woken.length = 0
})

let lastLead = 0
const lead = (fields: object = {}) => ({ Lead: { Id: ++lastLead, Stage: 'Prospecção', Company: 'Açaí & Cia. Ltda', ...fields } })

interface Post {
  readonly token?: string | null
  readonly headers?: Record<string, string>
  readonly app?: TestApi['app']
}
async function post(path: string, body: string | Uint8Array, { token = tokens.webhook, headers = {}, app = api.app }: Post = {}) {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await app.request(path, { method: 'POST', body, headers: { ...authorization, ...headers } })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
const saved = { status: 200, text: '"Payload saved successfully"' }

describe('a webhook', () => {
  test.each([
    ['/atualizalead', 'update_leads_in_erp', saved.text, 'job_update_leads_in_erp'],
    ['/convertedlead', 'converted_lead', saved.text, 'job_update_converted_lead_in_erp'],
    ['/leaddescartada', 'lead_descartada', 'null', 'job_descarta_lead'],
  ])('at %s becomes a letter %s with the very bytes that came, and its job is woken', async (path, prefix, answer, job) => {
    const body = `\n${JSON.stringify(lead({ Note: 'é \ud83d\ude00 "quoted"\n' }), null, 2)} \r\n`
    expect(await post(path, body)).toMatchObject({ status: 200, text: answer })
    const [file, ...more] = fresh()
    expect(more).toEqual([])
    expect(file).toMatch(new RegExp(`^${prefix}_Acai_Cia_Ltda_\\d{4}(_\\d\\d){5}_\\d{3}_[0-9A-Z]{26}\\.json$`))
    expect(content(file!)).toBe(body)
    expect(api.woken).toEqual([job])
  })

  test('at /insertedtimeline is kept as it came, whatever object it is, and wakes nobody', async () => {
    expect(await post('/insertedtimeline', '{"anything":[1,2]}')).toMatchObject(saved)
    const [file] = fresh('contacts')
    expect(file).toMatch(/^inserted_timeline_timeline_/)
    expect(content(file!, 'contacts')).toBe('{"anything":[1,2]}')
    expect(api.woken).toEqual([])
    expect(await post('/insertedtimeline', '{"anything":[1,2]}')).toMatchObject(saved)
    expect(fresh('contacts')).toEqual([])
  })

  test('may be spread over several lines: the letter is still one line to its reader', async () => {
    const event = lead({ Id: 900_001 })
    await post('/convertedlead', JSON.stringify(event, null, 2))
    const texts: unknown[] = []
    for await (const claim of api.deps.lanes.leads.claims({ prefixes: ['converted_lead'], worker: 'w' })) {
      for await (const { index, text } of claim.lines()) {
        texts.push(JSON.parse(text))
        await claim.record(index, { kind: 'done' })
      }
      await claim.finish()
    }
    expect(texts).toContainEqual(event)
  })
})

describe('who may deliver', () => {
  test('nobody without a token, with an unknown one, or with one that may only look', async () => {
    const body = JSON.stringify(lead())
    const none = await post('/atualizalead', body, { token: null })
    expect(none.status).toBe(401)
    expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(JSON.parse(none.text)).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await post('/atualizalead', body, { token: 'a-token-that-nobody-has' })).toMatchObject({ status: 401 })
    expect(await post('/atualizalead', body, { token: tokens.read })).toMatchObject({ status: 403 })
    expect(await post('/atualizalead', body, { token: tokens.operate })).toMatchObject(saved)
    expect(fresh()).toHaveLength(1)
  })

  test('senders that cannot set headers, by a secret in the path', async () => {
    const { sha256 } = await import('./testing/secrets.ts')
    const app = createApp({ ...api.deps, settings: { ...api.deps.settings, webhookPathSecrets: [sha256(pathSecret)] } })
    const body = JSON.stringify(lead())
    expect(await post(`/in/${pathSecret}/atualizalead`, body, { token: null, app })).toMatchObject(saved)
    expect(fresh()).toHaveLength(1)
    const wrong = await post('/in/another-secret-of-24-characters/atualizalead', JSON.stringify(lead()), { token: null, app })
    expect(wrong.status).toBe(401)
    expect(wrong.text).not.toContain('another')
    expect(await post(`/in/${pathSecret}/atualizalead`, JSON.stringify(lead()), { token: null })).toMatchObject({ status: 401 })
    expect(fresh()).toEqual([])
    const log = readFileSync(api.logFile, 'utf8')
    expect(log).toContain('/in/:secret/atualizalead')
    expect(log).not.toContain(pathSecret)
    expect(log).not.toContain('another-secret')
  })
})

describe('a signed webhook', () => {
  let app: TestApi['app']
  beforeAll(() => {
    app = createApp({ ...api.deps, settings: { ...api.deps.settings, webhookSecrets: [secret, newer] } })
  })
  let ids = 0
  const sign = (body: string, by = secret, at = new Date(), id = `msg_${++ids}`) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(by).sign(id, at, body),
  })
  const refused = async (body: string, headers: Record<string, string>, status: number) => {
    const answer = await post('/atualizalead', body, { headers, app })
    expect(answer.status).toBe(status)
    expect(fresh()).toEqual([])
    return JSON.parse(answer.text) as { code: string; message: string }
  }

  test('is accepted with either secret while they rotate, and with several signatures', async () => {
    for (const by of [secret, newer]) {
      const body = JSON.stringify(lead())
      expect(await post('/atualizalead', body, { headers: sign(body, by), app })).toMatchObject(saved)
    }
    const body = JSON.stringify(lead())
    const headers = sign(body)
    const several = `v1a,${'A'.repeat(88)} v1,bm90aGluZw== ${headers['webhook-signature']} v2,x`
    expect(await post('/atualizalead', body, { headers: { ...headers, 'webhook-signature': several }, app })).toMatchObject(saved)
    expect(fresh()).toHaveLength(3)
  })

  test('is refused when anything of it was altered, and told nothing of what would be right', async () => {
    const body = JSON.stringify(lead())
    const headers = sign(body)
    const right = headers['webhook-signature'].slice(3)
    for (const [altered, head] of [
      [`${body} `, headers],
      [body, { ...headers, 'webhook-id': 'msg_other' }],
      [body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }],
      [body, { ...headers, 'webhook-signature': `v1,${right.slice(0, -4)}AAA=` }],
      [body, { ...headers, 'webhook-signature': `v1a,${right}` }],
      [body, { ...headers, 'webhook-signature': right }],
      [body, { ...headers, 'webhook-signature': '' }],
      [body, sign(body, `whsec_${randomBytes(32).toString('base64')}`)],
      [body, {}],
    ] as const) {
      const said = await refused(altered, head, 401)
      expect(JSON.stringify(said)).not.toContain(right.slice(0, 20))
    }
    expect(await post('/atualizalead', body, { headers, token: null, app })).toMatchObject({ status: 401 })
  })

  test('may be five minutes old or early, and not more', async () => {
    for (const seconds of [-295, 295]) {
      const body = JSON.stringify(lead())
      expect(await post('/atualizalead', body, { headers: sign(body, secret, new Date(Date.now() + seconds * 1000)), app })).toMatchObject(
        saved,
      )
    }
    fresh()
    for (const seconds of [-310, 310]) {
      const body = JSON.stringify(lead())
      await refused(body, sign(body, secret, new Date(Date.now() + seconds * 1000)), 401)
    }
    const body = JSON.stringify(lead())
    for (const timestamp of ['', 'now', '1e9', '-1', '99999999999999'])
      await refused(body, { ...sign(body), 'webhook-timestamp': timestamp }, 401)
  })

  test.each(['a.b', 'x y', 'é', 'x'.repeat(201)])('with the id %j is refused with 400', async (id) => {
    const body = JSON.stringify(lead())
    const said = await refused(body, { ...sign(body), 'webhook-id': id }, 400)
    expect(said.code).toBe('INVALID_PAYLOAD')
  })

  test('with an empty id is refused', async () => {
    const body = JSON.stringify(lead())
    await refused(body, { ...sign(body), 'webhook-id': '' }, 400)
  })
})

describe('a repeat', () => {
  const times = async (body: string, ...ids: (string | null)[]) => {
    for (const id of ids)
      expect(await post('/atualizalead', body, { headers: id === null ? {} : { 'webhook-id': id } })).toMatchObject(saved)
  }

  test('by its id writes nothing, also after others and with another timestamp', async () => {
    const [x, y] = [JSON.stringify(lead({ Id: 5001 })), JSON.stringify(lead({ Id: 5001, Stage: 'Y' }))]
    await times(x, 'r1', 'r1')
    await times(y, 'r2')
    await times(x, 'r1', 'r1', 'r1')
    expect(fresh()).toHaveLength(2)
  })

  test('by its body counts against the latest event only: X, Y, X again are three letters', async () => {
    const [x, y] = [JSON.stringify(lead({ Id: 5002 })), JSON.stringify(lead({ Id: 5002, Stage: 'Y' }))]
    await times(x, null, null, 'r3')
    await times(y, null, null)
    await times(x, 'r4', null)
    expect(fresh()).toHaveLength(3)
    // r3 was answered as a repeat of the first X; it stays one.
    await times(x, 'r3')
    expect(fresh()).toEqual([])
  })

  test('for another type is no repeat', async () => {
    const body = JSON.stringify(lead())
    for (const path of ['/atualizalead', '/convertedlead']) await post(path, body, { headers: { 'webhook-id': 'r5' } })
    expect(fresh()).toHaveLength(2)
  })

  test('at the same moment gives one letter, with an id and without', async () => {
    const [x, y] = [JSON.stringify(lead()), JSON.stringify(lead())]
    await Promise.all([...Array(20)].map(() => times(x, 'r6')))
    await Promise.all([...Array(20)].map(() => times(y, null)))
    expect(fresh()).toHaveLength(2)
    expect(api.woken).toHaveLength(2)
  })

  test('at the same moment at two processes gives one letter', async () => {
    const body = JSON.stringify(lead())
    const other = api.another()
    const headers = { 'webhook-id': 'r7' }
    const answers = await Promise.all([api.app, other, api.app, other].map((app) => post('/atualizalead', body, { headers, app })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(fresh()).toHaveLength(1)
  })

  test('of an event whose writer died between reservation and letter is written after all', async () => {
    await api.state.query(
      `insert into webhook_ids (type, id, received_at) values ('update_leads_in_erp', 'r8', clock_timestamp() - interval '4 s')`,
    )
    await times(JSON.stringify(lead()), 'r8')
    expect(fresh()).toHaveLength(1)
  })

  test('in a crowd of different events of one lead loses none of them', async () => {
    const bodies = [...Array(50)].map((_, n) => JSON.stringify(lead({ Id: 5003, Stage: `${n}` })))
    await Promise.all(bodies.map((body) => times(body, null)))
    expect(fresh()).toHaveLength(50)
  })
})
