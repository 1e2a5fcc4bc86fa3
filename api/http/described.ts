/** Parts of a route's description, for `createRoute`. */
import type { z } from '@hono/zod-openapi'

/** @example responses: { 200: json(z.string(), 'The stage.') } */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** @example request: { body: jsonBody(leadUpdate) } */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}
