import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { webhookSettingsSchema } from './settings.ts'
import { type Received, withWebhooks } from './testing.ts'

const [secret, older, stranger] = ['new', 'old', 'other'].map(
  (name) => `whsec_${Buffer.from(name.padEnd(24, '.')).toString('base64')}`,
) as [string, string, string]
/** By the official package: the judge that we did not write. */
const verifies = (by: string, { raw, headers }: Received) => {
  try {
    new Webhook(by).verify(raw, headers as Record<string, string>)
    return true
  } catch {
    return false
  }
}
const sample = { lead: "Padaria d'Água", stage: 'Ativação' }

describe('a signed webhook', () => {
  it('is accepted by the official package with any of its secrets, and with no other', () =>
    withWebhooks({ secret, secrets: [older.replace('whsec_', '')] }, async ({ crm, control, receiver }) => {
      await control('POST', 'leads', sample)
      await crm.flushWebhooks()
      const [one] = receiver.received
      expect([secret, older, stranger].map((by) => verifies(by, one!))).toEqual([true, true, false])
      expect(verifies(secret, { ...one!, raw: one!.raw.replace('Padaria', 'padaria') })).toBe(false)
      expect(one!.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/)
      expect(one!.headers['webhook-id']).toMatch(/^msg_[0-9A-Z]{26}$/)
    }))

  it('keeps its id and body over all attempts and dates each attempt anew', () =>
    withWebhooks({ secret }, async ({ crm, control, receiver }) => {
      receiver.answer((_request, response) => response.writeHead(receiver.received.length < 2 ? 503 : 200, { 'retry-after': '1' }).end())
      await control('POST', 'leads', sample)
      await control('POST', 'leads/1', sample)
      await crm.flushWebhooks()
      const [first, again, next] = receiver.received
      expect(again!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
      expect(again!.raw).toBe(first!.raw)
      expect(next!.headers['webhook-id']).not.toBe(first!.headers['webhook-id'])
      expect(Number(again!.headers['webhook-timestamp'])).toBeGreaterThan(Number(first!.headers['webhook-timestamp']))
      for (const one of [first!, again!, next!]) expect(verifies(secret, one)).toBe(true)
    }))
})

it('a token goes into the authorization header, a path secret into the path; without secrets there are no signature headers', () =>
  withWebhooks({ token: 'abc', pathSecret: 's3-cr_t' }, async ({ crm, control, receiver }) => {
    await control('POST', 'leads', sample)
    await crm.flushWebhooks()
    const [{ path, headers }] = receiver.received as [Received]
    expect([path, headers.authorization]).toEqual(['/in/s3-cr_t/convertedlead', 'Bearer abc'])
    expect(Object.keys(headers).filter((name) => name.startsWith('webhook-'))).toEqual([])
  }))

it.each([
  { baseUrl: 'ftp://x' },
  { baseUrl: 'nowhere' },
  { baseUrl: 'http://user:word@x' },
  { baseUrl: 'http://x/?a=1' },
  { token: 'a b' },
  { secret: 'whsec_c2hvcnQ=' },
  { secret: 'no base64!' },
  { pathSecret: 'a/b' },
  { paths: { updated: '/x y' } },
  { attempts: 0 },
  { faults: { wrongSecret: 1 } },
  { faults: { clockSkewS: 60 } },
  { faults: { lose: 2 } },
  { faults: { loose: 1 } },
  { nothing: 1 },
])('settings like %j are refused, and what was set stays', (wrong) =>
  withWebhooks({}, async ({ crm, receiver }) => {
    expect(() => crm.setWebhooks({ baseUrl: 'http://127.0.0.1:9', ...wrong })).toThrow(expect.objectContaining({ name: 'ZodError' }))
    expect(crm.webhooks().baseUrl).toBe(receiver.url)
  }),
)

it('a secret of 24 to 64 bytes is taken, with or without its prefix', () => {
  const of = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')
  for (const text of [of(24), `whsec_${of(64)}`]) {
    expect(webhookSettingsSchema.parse({ baseUrl: 'http://x', secret: text }).secrets).toEqual([text])
  }
  for (const text of [of(23), of(65), `whsec_${of(65)}`]) {
    expect(webhookSettingsSchema.safeParse({ baseUrl: 'http://x', secret: text }).success).toBe(false)
  }
})
