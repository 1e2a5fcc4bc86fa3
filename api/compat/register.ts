/** The paths of the old service (mission E.1). */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../types.ts'

export function registerCompat(_app: OpenAPIHono<ApiEnv>, _deps: ApiDeps): void {}
