/** Settings of the HTTP API: what is accepted, what is refused by name, and that no secret comes back out. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PonteError } from '../../base/error.ts'
import { readSettings } from '../env.ts'

const token = 'a-token-of-more-than-24-characters'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const whsec = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`

function problem(env: Record<string, string>): string {
  try {
    readSettings(env)
  } catch (error) {
    expect(error).toBeInstanceOf(PonteError)
    return (error as PonteError).message.split('\n').slice(1).join('\n')
  }
  throw new Error('accepted')
}

test('tokens are kept as hashes only, with name and scope', () => {
  const { api } = readSettings({ PONTE_TOKENS: `crm:webhook:${token}, grafana:read:${token}2,root:operate:x:${token}` })
  expect(api.tokens).toEqual([
    { name: 'crm', scope: 'webhook', sha256: sha256(token) },
    { name: 'grafana', scope: 'read', sha256: sha256(`${token}2`) },
    { name: 'root', scope: 'operate', sha256: sha256(`x:${token}`) },
  ])
})

test('the pages are where the API is, unless UI_PORT names another port', () => {
  expect(readSettings({ PORT: '5001' }).api.uiPort).toBeNull()
  expect(readSettings({ PORT: '5001', UI_PORT: '5001' }).api.uiPort).toBeNull()
  expect(readSettings({ UI_PORT: '8080' }).api).toMatchObject({ port: 5_000, uiPort: 8_080 })
  expect(problem({ UI_PORT: '80800' })).toMatch(/UI_PORT must be a whole number/)
  expect(readSettings({ SESSION_IDLE_MINUTES: '5', SESSION_MAX_HOURS: '1' }).api.session).toEqual({ idleMs: 300_000, maxMs: 3_600_000 })
})

test('path secrets are kept as hashes only', () => {
  expect(readSettings({ WEBHOOK_PATH_SECRETS: 'abcdefghijklmnopqrstuvwx' }).api.webhookPathSecrets).toEqual([
    sha256('abcdefghijklmnopqrstuvwx'),
  ])
})

test.each([
  ['PONTE_TOKENS', `crm:webhook:${token}`],
  ['WEBHOOK_SECRETS', whsec(32)],
  ['WEBHOOK_PATH_SECRETS', 'abcdefghijklmnopqrstuvwx'],
])('%s may come from a file', (name, value) => {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-env-api-'))
  writeFileSync(join(folder, 'secret'), `${value}\n`, { mode: 0o600 })
  expect(readSettings({ [`${name}_FILE`]: join(folder, 'secret') })).toEqual(readSettings({ [name]: value }))
  rmSync(folder, { recursive: true })
})

test('several webhook secrets stand beside each other while they rotate', () => {
  expect(readSettings({ WEBHOOK_SECRETS: `${whsec(24)},${whsec(64)}` }).api.webhookSecrets).toEqual([whsec(24), whsec(64)])
})

describe('refused, by name and without the value:', () => {
  const secret = 'sécret-sécret-sécret-sécret'
  test.each([
    ['PONTE_TOKENS', `crm:webhook:${'s3cr3t'.repeat(3)}`],
    ['PONTE_TOKENS', `crm:admin:${token}`],
    ['PONTE_TOKENS', token],
    ['PONTE_TOKENS', `crm:read:${token},crm:webhook:${token}2`],
    ['PONTE_TOKENS', `crm:read:${secret}`],
    ['WEBHOOK_SECRETS', whsec(23)],
    ['WEBHOOK_SECRETS', whsec(65)],
    ['WEBHOOK_SECRETS', Buffer.alloc(32, 7).toString('base64')],
    ['WEBHOOK_PATH_SECRETS', 'too-short'],
    ['WEBHOOK_PATH_SECRETS', `${token}/../x`],
    ['WEBHOOK_ADDRESSES', '203.0.113.0/33'],
    ['WEBHOOK_ADDRESSES', 'crm.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['API_REQUESTS_PER_MINUTE', '-1'],
    ['LEGACY_DUPLICATE_CODES', 'yes'],
    ['QUALIFICATION', '1:2:3'],
    ['PORT', '65536'],
    ['HOST', 'http://here'],
    ['PRODUCT_ID', '0'],
    ['SALES_EMAIL_FALLBACK', 'nobody'],
  ])('%s %#', (name, value) => {
    const said = problem({ [name]: value })
    expect(said).toMatch(new RegExp(`^  ${name} `))
    expect(said).not.toContain(value)
  })
})

test('addresses and networks of both families are accepted', () => {
  const given = '203.0.113.7, 10.0.0.0/8, 2001:db8::/32, ::1'
  expect(readSettings({ WEBHOOK_ADDRESSES: given, TRUSTED_PROXIES: given }).api).toMatchObject({
    webhookAddresses: ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32', '::1'],
    trustedProxies: ['203.0.113.7', '10.0.0.0/8', '2001:db8::/32', '::1'],
  })
})
