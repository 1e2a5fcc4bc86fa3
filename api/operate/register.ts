/** What operators and machines ask Ponte itself: jobs, queue, health. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../types.ts'

export function registerOperate(_app: OpenAPIHono<ApiEnv>, _deps: ApiDeps): void {}
