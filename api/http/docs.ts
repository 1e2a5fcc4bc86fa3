/** What the API says of itself: /openapi.json from the schemas that check requests, and /docs, the same as a page for people. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { html } from 'hono/html'
import type { ApiEnv } from './types.ts'

const about = {
  openapi: '3.1.0',
  info: {
    title: 'Ponte',
    version: '1',
    description: 'Keeps an ERP and a CRM in step. Every error body is { code, message }, with a hint where it helps.',
  },
}

export function registerDocs(app: OpenAPIHono<ApiEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of PONTE_TOKENS or of "ponte token add". Scopes: webhook, read, operate (which includes the others).',
  })
  app.doc31('/openapi.json', about)
  app.get('/docs', (c) => {
    c.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
    return c.html(page(app.getOpenAPI31Document(about) as unknown as Document))
  })
}

/** The parts of the document that the page shows. */
interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> }
}

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly requestBody?: unknown
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>
}

/** Rendered here, without a script: Swagger's page comes from a foreign server, which a page of this API must not ask. */
function page(document: Document) {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? 'Other'))]
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ponte: HTTP API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  :root { color-scheme: light dark; --bg: #f3f5f7; --card: #fff; --line: #d5dbe1; --text: #17212b; --dim: #52606d; --accent: #135f8b }
  @media (prefers-color-scheme: dark) { :root { --bg: #11161c; --card: #1a2129; --line: #323c47; --text: #e6ebf0; --dim: #a3b0bd; --accent: #7cc0ea } }
  body { font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; background: var(--bg); color: var(--text) }
  a { color: var(--accent) } summary { cursor: pointer; padding: .3rem 0 } b { display: inline-block; min-width: 4.5rem }
  code { font-size: 95%; overflow-wrap: anywhere } small { border: 1px solid var(--line); border-radius: .3rem; padding: 0 .3rem; color: var(--dim) }
  pre { background: var(--card); border: 1px solid var(--line); padding: .7rem; overflow-x: auto; font-size: 85% }
  table { border-collapse: collapse } td { padding: .1rem .8rem .1rem 0; vertical-align: top }
</style>
<h1>Ponte: HTTP API</h1>
<p>The same for machines: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Where it says <small>token</small>, send <code>Authorization: Bearer &lt;token&gt;</code>.</p>
${tags.map((tag) => html`<h2>${tag}</h2>${operations.filter(({ operation }) => (operation.tags?.[0] ?? 'Other') === tag).map(section)}`)}
<h2>Schemas</h2>
${Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => html`<details><summary>${name}</summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`)}
</html>`
}

function section({ path, method, operation }: { path: string; method: string; operation: Operation }) {
  const { summary = '', description = '', security, parameters = [], requestBody, responses = {} } = operation
  return html`<details>
<summary><b>${method}</b> <code>${path}</code> ${security ? html`<small>token</small>` : ''} ${summary}</summary>
<p>${description}</p>
<table>${parameters.map((one) => html`<tr><td><code>${one.name}</code></td><td>${one.in}${one.required ? ', required' : ''}</td></tr>`)}</table>
${requestBody ? html`<pre>${JSON.stringify(requestBody, null, 2)}</pre>` : ''}
<table>${Object.entries(responses).map(([status, answer]) => html`<tr><td>${status}</td><td>${answer.description ?? ''}</td></tr>`)}</table>
</details>
`
}
