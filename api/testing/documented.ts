/** Holds answers against the OpenAPI document: status and body of a documented route are what its document says. */
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import { expect } from 'vitest'
import type { ZodType } from 'zod'
import type { ApiEnv } from '../http/types.ts'

type App = OpenAPIHono<ApiEnv>

export interface Operation {
  readonly method: string
  readonly path: string
  readonly route: RouteConfig
}

/** Every operation that the app documents. */
export function operations(app: App): Operation[] {
  return app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route'
      ? [{ method: definition.route.method.toUpperCase(), path: definition.route.path, route: definition.route }]
      : [],
  )
}

/** The schema of one answer; undefined when the document does not have it. */
export function schemaOf({ route }: Operation, status: number, contentType: string): ZodType | undefined {
  const { content } = (route.responses[status] as { content?: Record<string, { schema: ZodType }> } | undefined) ?? {}
  return content?.[contentType.split(';')[0]!.trim()]?.schema
}

export function checkDocumented(
  app: App,
  method: string,
  path: string,
  answer: { status: number; headers: Headers; text: string; json: unknown },
): void {
  const operation = operations(app).find((one) => one.method === method && pattern(one.path).test(path))
  if (!operation) return
  const type = answer.headers.get('content-type') ?? ''
  const where = `${operation.method} ${operation.path} ${answer.status} ${type}`
  const schema = schemaOf(operation, answer.status, type)
  expect(schema, `${where} is not documented: ${answer.text.slice(0, 300)}`).toBeDefined()
  const body = type.startsWith('application/json') ? answer.json : answer.text
  expect(schema!.safeParse(body).error?.issues, where).toBeUndefined()
}

/** A placeholder takes one segment. */
function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`)
}
