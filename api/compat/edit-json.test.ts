/** /edit_json: who may edit which letters, from where, and what becomes of them. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openApi, type TestApi, tokens } from '../testing/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await openApi()
})
afterEach(() => api.close())

const event = (Id: number, CustomFields?: unknown, more: object = {}) => ({
  Lead: { Id, Company: 'Ação', Stage: 'Ativação', CustomFields, ...more },
})
const put = (body: unknown, prefix = 'converted_lead') => api.deps.lanes.leads.enqueue(prefix, 'acme', JSON.stringify(body))
const letter = async (file: string) => JSON.parse(await readFile(join(api.queue, 'leads/processar', file), 'utf8'))
const form = (more: Record<string, string> = {}) => ({ lead_id: '7', depara: '_cod.gestores', value: '12', ...more })
const post = (more: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  api.ask('POST', '/edit_json', { form: form(more), headers })

/** A browser that opened the form: its cookie, and the hidden field. */
async function openForm() {
  const page = await api.ask('GET', '/edit_json', { as: null })
  const cookie = page.headers.get('set-cookie')!
  return { page, cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page.text)![1]!, sent: cookie.split(';')[0]! }
}
const browser = (more: Record<string, string>, headers: Record<string, string> = {}) =>
  api.ask('POST', '/edit_json', { as: null, form: form(more), headers: { origin: 'http://ponte.test', ...headers } })

describe('POST /edit_json', () => {
  test('sets the field in every waiting letter of the lead, and in no other; then back to the form', async () => {
    const bare = await put(event(7, undefined, { Phone: '11' }))
    const wrong = await put(
      event(7, [
        { id: '_cod.gestores', value: '99' },
        { id: 'x', value: 'stays' },
      ]),
    )
    const other = await put(event(8))
    const update = await put(event(7), 'update_leads_in_erp')

    const answer = await post()
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe('/edit_json?changed=2')
    expect(await letter(bare)).toEqual(event(7, [{ id: '_cod.gestores', value: '12' }], { Phone: '11' }))
    expect((await letter(wrong)).Lead.CustomFields).toEqual([
      { id: 'x', value: 'stays' },
      { id: '_cod.gestores', value: '12' },
    ])
    expect(await letter(other)).toEqual(event(8))
    expect(await letter(update)).toEqual(event(7))
    expect(api.woken).toEqual(['job_update_converted_lead_in_erp'])
    expect((await api.ask('GET', '/edit_json?changed=2', { as: null })).text).toContain('2 arquivo(s) alterado(s)')
  })

  test('sent twice, it is done once', async () => {
    await put(event(7))
    expect((await post()).headers.get('location')).toBe('/edit_json?changed=1')
    expect(await post()).toMatchObject({ status: 302 })
  })

  test('no letter of this lead waits: 404. One in the hands of a worker does not wait', async () => {
    expect(await post()).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    await put(event(7))
    for await (const claim of api.deps.lanes.leads.claims({ prefixes: ['converted_lead'], worker: 'w' })) {
      expect(await post()).toMatchObject({ status: 404 })
      expect(await claim.held()).toBe(true)
      break
    }
    expect(await post()).toMatchObject({ status: 302 })
  })

  test('letters that are no JSON, or hold no lead, are left alone', async () => {
    await api.deps.lanes.leads.enqueue('converted_lead', 'x', '{"Lead":')
    for (const body of [[], { Lead: null }, { Lead: [] }, { lead: { Id: 7 } }]) await put(body)
    expect(await post()).toMatchObject({ status: 404 })
    expect(await readdir(join(api.queue, 'leads/processar'))).toHaveLength(5)
  })

  test.each([
    { depara: '_analisefinanceira' },
    { depara: '__proto__' },
    { depara: 'Lead' },
    { lead_id: '7 or 1=1' },
    { lead_id: '' },
    { value: '' },
    { value: 'doze' },
    { depara: '_inscricaoestadual', value: '<script>' },
    { depara: '_cod.cliente', value: '1'.repeat(11) },
  ])('%j: 400, nothing is changed', async (more) => {
    const file = await put(event(7))
    expect(await post(more)).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    expect(await letter(file)).toEqual(event(7))
  })
})

describe('who may edit', () => {
  test('nobody without a token, nor with one that only looks', async () => {
    const { csrf, sent } = await openForm()
    const file = await put(event(7))
    expect((await api.ask('POST', '/edit_json', { as: 'read', form: form() })).status).toBe(403)
    expect((await api.ask('POST', '/edit_json', { as: 'webhook', form: form() })).status).toBe(403)
    expect((await browser({ csrf }, { cookie: sent })).status).toBe(401)
    expect((await browser({ csrf, token: 'guess' }, { cookie: sent })).status).toBe(401)
    expect((await browser({ csrf, token: tokens.read }, { cookie: sent })).status).toBe(403)
    expect(await letter(file)).toEqual(event(7))
  })

  test('a browser with the token in the form, from our own page', async () => {
    const { csrf, sent } = await openForm()
    await put(event(7))
    expect((await browser({ csrf, token: tokens.operate }, { cookie: sent })).status).toBe(302)
  })

  test('no foreign page: not without the cookie, not with another one, not from another origin', async () => {
    const { csrf, sent } = await openForm()
    const other = await openForm()
    await put(event(7))
    const token = tokens.operate
    expect((await browser({ token })).status).toBe(403)
    expect((await browser({ token, csrf })).status).toBe(403)
    expect((await browser({ token }, { cookie: sent })).status).toBe(403)
    expect((await browser({ token, csrf: other.csrf }, { cookie: sent })).status).toBe(403)
    expect((await browser({ token, csrf: '' }, { cookie: 'ponte_csrf=' })).status).toBe(403)
    for (const origin of ['https://evil.example', 'null', 'http://ponte.test.evil.example', 'nonsense'])
      expect((await browser({ token, csrf }, { cookie: sent, origin })).status).toBe(403)
    const noOrigin = await api.ask('POST', '/edit_json', {
      as: null,
      form: form({ token, csrf }),
      headers: { cookie: sent, 'sec-fetch-site': 'cross-site' },
    })
    expect(noOrigin.status).toBe(403)
    expect((await api.ask('POST', '/edit_json', { form: form(), headers: { origin: 'https://evil.example' } })).status).toBe(403)
  })
})

describe('GET /edit_json', () => {
  test('is a page without a script, under a strict policy, whose form may be sent here only', async () => {
    const { page, cookie } = await openForm()
    expect(page.status).toBe(200)
    expect(page.text).not.toMatch(/<script|javascript:|\son\w+=/i)
    for (const key of ['_cod.gestores', '_cod.cliente', '_inscricaoestadual']) expect(page.text).toContain(`value="${key}"`)
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("form-action 'self'")
    expect(policy).not.toContain('unsafe-inline')
    // Under no-referrer browsers send `Origin: null`, which is refused.
    expect(page.headers.get('referrer-policy')).toBe('same-origin')
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Strict/)
  })

  test('keeps a cookie that is there, and replaces one that is none of ours', async () => {
    const { sent, csrf } = await openForm()
    const again = await api.ask('GET', '/edit_json', { as: null, headers: { cookie: sent } })
    expect(again.headers.get('set-cookie')).toBeNull()
    expect(again.text).toContain(csrf)
    const forged = await api.ask('GET', '/edit_json', { as: null, headers: { cookie: 'ponte_csrf="><script>' } })
    expect(forged.text).not.toContain('<script')
    expect(forged.headers.get('set-cookie')).not.toBeNull()
  })

  test('shows nothing of what is asked: 400 for anything but a number', async () => {
    const answer = await api.ask('GET', '/edit_json?changed=%3Cb%3E', { as: null })
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('<b>')
  })
})
