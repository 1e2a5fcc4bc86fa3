/** Every route, with paths, queries and bodies that nobody should send: all are refused as the caller's fault, none as ours, none as a system that is away. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openQueueBackend } from '../connectors/queue-backend/open.ts'
import type { QueueBackend } from '../connectors/queue-backend/queue-backend.ts'
import { addUser } from '../connectors/state/people/users.ts'
import { nextTick } from '../jobs/run/schedule.ts'
import { createApp } from './app.ts'
import { hashPassword } from './http/password.ts'
import { boardOf } from './pages/painel/painel-board.ts'
import { openApi, type TestApi, tokens } from './testing/api.ts'

/** As they stand in an address: NUL, bytes that are no UTF-8, half an escape, half a surrogate pair, a way out, too much. */
const written = [
  '%00',
  'a%00b',
  '%ff',
  '%',
  '%zz',
  '%ed%a0%80',
  '..%2f..%2fetc',
  'x'.repeat(5_000),
  '%F0%9F%98%80'.repeat(100),
  '9'.repeat(25),
  '0000-01-01T00:00:00Z',
  '-1',
  '%0d%0a',
  '%5B%5D',
  '1e9',
  '*',
  '%25',
]
/** As they stand in a value. */
const values = ['\0', 'a\0b', '\ud800', '\u001b]52;c;\u0007', '(', '%', '9'.repeat(25), '', 'x'.repeat(990)]

type Body = string | Buffer | URLSearchParams

interface Route {
  readonly method: string
  readonly path: string
}

let api: TestApi
let app: TestApi['app']
let ticks: QueueBackend
let routes: Route[]
let session: { readonly cookie: string; readonly csrf: string }
// biome-ignore lint/suspicious/noExplicitAny: a document is read, not typed
let document: any

beforeAll(async () => {
  api = await openApi()
  ticks = await openQueueBackend({ redisUrl: null, stateUrl: api.state.options.connectionString! }, { nextTick, onError: () => {} })
  app = createApp({ ...api.deps, ticks: async () => ticks })
  await addUser(api.state, { name: 'ana', role: 'operator', password: await hashPassword('a long and secret phrase'), mustChange: false })
  session = await logIn()
  document = await (await app.request('/openapi.json')).json()
  const all = [...app.routes, ...boardOf(ticks.queue).routes]
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => ({ method, path }))
  // Logging out would end the session that the others need.
  routes = [...new Map(all.map((one) => [`${one.method} ${one.path}`, one])).values()].filter(({ path }) => path !== '/ui/logout')
})
afterAll(async () => {
  await ticks.close()
  await api.close()
})

async function logIn() {
  const page = await app.request('http://ponte.test/ui/login')
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())![1]!
  const cookie = page.headers.getSetCookie()[0]!.split(';')[0]!
  const body = new URLSearchParams({ csrf, name: 'ana', password: 'a long and secret phrase' })
  const answer = await app.request('http://ponte.test/ui/login', { method: 'POST', body, headers: { cookie } })
  const held = answer.headers
    .getSetCookie()
    .find((line) => line.startsWith('ponte_session='))!
    .split(';')[0]!
  const home = await (await app.request('http://ponte.test/ui', { headers: { cookie: held } })).text()
  return { cookie: held, csrf: /name="csrf" value="([^"]+)"/.exec(home)![1]! }
}

/** @returns what is wrong with the answer; nothing, when it is right */
async function ask({ method, path }: Route, what: string, body?: Body, type?: string): Promise<string[]> {
  const isPage = /^\/(ui|painel)(\/|$)/.test(path)
  const answer = await app.request(`http://ponte.test${path}`, {
    method,
    headers: {
      ...(isPage ? { cookie: session.cookie, origin: 'http://ponte.test' } : { authorization: `Bearer ${tokens.operate}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body }),
  })
  await answer.text()
  return answer.status < 500 ? [] : [`${method} ${path.slice(0, 120)} ${what}: ${answer.status}`]
}

const placeholder = /:(\w+)(\{[^}]*\})?/g
/** A route's path with something in its places; what decides which code looks at the rest is as it should be. */
const pathOf = ({ path }: Route, one: string): string => {
  const real: Readonly<Record<string, string>> = {
    act: 'edit',
    queueName: ticks.queue.name,
    ...(one === '1' ? { job: 'job_execute_spark' } : {}),
  }
  return path.replaceAll(placeholder, (_, name: string) => real[name] ?? one)
}
const acts = ({ method }: Route) => method !== 'GET' && method !== 'HEAD'

test('in a path', async () => {
  const wrong: string[] = []
  for (const route of routes.filter(({ path }) => path.includes(':')))
    for (const one of written) {
      const path = pathOf(route, one)
      const form = acts(route) ? ([new URLSearchParams({ csrf: session.csrf }), undefined] as const) : []
      wrong.push(...(await ask({ ...route, path }, 'path', ...form)))
    }
  expect(wrong).toEqual([])
})

test('in a query', async () => {
  const wrong: string[] = []
  // Those that pages read stand in no document.
  const pages = [
    'next',
    'said',
    'before',
    'after',
    'actor',
    'action',
    'target',
    'job',
    'status',
    'code',
    'text',
    'lane',
    'prefix',
    'line',
    'entity',
    'page',
    'q',
  ]
  for (const route of routes.filter((one) => !acts(one))) {
    const documented = (document.paths[route.path.replaceAll(placeholder, '{$1}')]?.get?.parameters ?? []) as { in: string; name: string }[]
    const path = pathOf(route, '1')
    // A page looks at one as if the others were right; a documented route refuses all for one.
    const queries = (one: string) =>
      /^.(ui|painel)/.test(route.path)
        ? [pages.map((name) => `${name}=${one}`).join('&')]
        : documented.filter((parameter) => parameter.in === 'query').map(({ name }) => `${name}=${one}`)
    for (const one of written) for (const query of queries(one)) wrong.push(...(await ask({ ...route, path: `${path}?${query}` }, 'query')))
  }
  expect(wrong).toEqual([])
})

/** A body as the document describes it, with one text in all places where texts may stand. */
// biome-ignore lint/suspicious/noExplicitAny: a document is read, not typed
function filled(schema: any, text: string): unknown {
  if (schema.$ref) return filled(document.components.schemas[schema.$ref.split('/').at(-1)], text)
  const [first] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []
  if (first) return filled(first, text)
  if (schema.enum) return schema.enum[0]
  if (schema.const !== undefined) return schema.const
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object' || schema.properties) {
    const own = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, filled(inner, text)])
    return Object.fromEntries(schema.additionalProperties?.type ? [...own, [text, text]] : own)
  }
  if (type === 'array') return [filled(schema.items, text)]
  return type === 'integer' || type === 'number' ? 1 : type === 'boolean' ? true : text
}

describe('in a body', () => {
  const boundary = '--b\r\ncontent-disposition: form-data; name="'
  const malformed: readonly (readonly [what: string, body: Body, type: string | undefined])[] = [
    ['no JSON', '{"a":', 'application/json'],
    ['JSON null', 'null', 'application/json'],
    ['a JSON text', '"x"', 'application/json'],
    ['a JSON list', '[]', 'application/json'],
    ['deep JSON', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'application/json'],
    ['an empty JSON', '', 'application/json'],
    ['JSON of another kind', '{"a":1}', 'application/vnd.x+json; charset=utf-16'],
    ['a prototype', '{"__proto__":{"x":1},"constructor":null}', 'application/json'],
    ['no UTF-8 in JSON', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'application/json'],
    ['plain text', 'hello', 'text/plain'],
    ['no type', Buffer.from('hello'), undefined],
    ['a type that is none', 'x', ';;;'],
    ['bytes', Buffer.alloc(3_000, 0xfe), 'application/octet-stream'],
    ['a multipart without boundary', 'x', 'multipart/form-data'],
    ['a multipart that is cut', `${boundary}csrf"\r\n\r\n`, 'multipart/form-data; boundary=b'],
    ['a multipart that is none', 'hello', 'multipart/form-data; boundary=b'],
    ['a multipart of bytes', Buffer.alloc(3_000, 0xfe), 'multipart/form-data; boundary=b'],
    ['a file in a form', `${boundary}name"; filename="\0"\r\n\r\nx\r\n--b--\r\n`, 'multipart/form-data; boundary=b'],
    ['a form with half an escape', 'csrf=%&a=%zz&b=%ff', 'application/x-www-form-urlencoded'],
    ['a form of bytes', Buffer.alloc(3_000, 0xfe), 'application/x-www-form-urlencoded'],
    ['too much', Buffer.alloc(1024 * 1024 + 1, '['), 'application/json'],
  ]

  test.each(malformed)('%s', async (what, body, type) => {
    const wrong: string[] = []
    for (const route of routes.filter(acts)) {
      const path = pathOf(route, '1')
      wrong.push(...(await ask({ ...route, path }, what, body, type)))
    }
    expect(wrong).toEqual([])
  })

  test.each(values.map((value) => [value]))('%j where a text may stand', async (value) => {
    const wrong: string[] = []
    for (const route of routes.filter(acts)) {
      const path = pathOf(route, '1')
      const described = document.paths[route.path.replaceAll(placeholder, '{$1}')]?.[route.method.toLowerCase()]?.requestBody?.content
      const schema = described?.['application/json']?.schema
      if (schema) wrong.push(...(await ask({ ...route, path }, 'json', JSON.stringify(filled(schema, value)), 'application/json')))
      const names = [
        'name',
        'password',
        'next',
        'current',
        'fresh',
        'again',
        'key',
        'entity',
        'file',
        'which',
        'how',
        'code',
        'text',
        'lane',
        'prefix',
        'reason',
        'line',
        'version',
        'set.x',
        'acceptGuard',
        'q',
        'by',
        'what',
        'value',
        'lead_id',
        'depara',
      ]
      const form = new URLSearchParams({ csrf: session.csrf, ...Object.fromEntries(names.map((name) => [name, value])) })
      wrong.push(...(await ask({ ...route, path }, 'form', form)))
    }
    expect(wrong).toEqual([])
  })
})
