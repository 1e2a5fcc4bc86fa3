/** The webhooks' routes: with a token, or with a secret in the path for senders that cannot set headers. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import { clientAddress, networks } from '../http/address.ts'
import { bearer, requireScope, unauthorized } from '../http/auth.ts'
import { ApiError, refusals } from '../http/errors.ts'
import { checkRate } from '../http/identify.ts'
import type { RateLimit } from '../http/rate.ts'
import { secretTest } from '../http/tokens.ts'
import type { ApiEnv } from '../http/types.ts'
import { events, type WebhookEvent } from './events.ts'
import { createIntake } from './intake.ts'

/**
 * Bodies are documented by the schemas that check them, but not read by the framework's validator: what is signed and kept is
 * the bytes.
 */
export function registerWebhooks(app: OpenAPIHono<ApiEnv>, deps: ApiDeps, limit: RateLimit): void {
  const receive = createIntake(deps)
  const isSecret = secretTest(deps.settings.webhookPathSecrets)
  const isSender = networks(deps.settings.webhookAddresses)
  const addressOf = clientAddress(networks(deps.settings.trustedProxies))

  for (const event of events) {
    app.openAPIRegistry.registerPath(byToken(event))
    app.post(event.path, requireScope('webhook'), (c) => receive(c, event))

    app.openAPIRegistry.registerPath(byPath(event))
    app.post(`/in/:secret${event.path}`, (c) => {
      const address = addressOf(c)
      if (deps.settings.webhookAddresses.length > 0 && !(address !== null && isSender(address)))
        throw new ApiError('FORBIDDEN', 'This address may not deliver events.', { hint: 'WEBHOOK_ADDRESSES lists those that may' })
      if (!isSecret(c.req.param('secret'))) throw unauthorized('The secret in the path is not known.')
      c.set('caller', { name: 'path secret', scope: 'webhook' })
      checkRate(limit, 'path secret')
      return receive(c, event)
    })
  }
}

const byToken = (event: WebhookEvent) =>
  createRoute({
    method: 'post',
    path: event.path,
    tags: ['Webhooks'],
    summary: event.summary,
    description: `Answered when the event lies durably in the queue as \`${event.prefix}_*.json\`. A repeat is answered alike and writes nothing.`,
    security: bearer,
    request: { headers: signed, body: { required: true, content: { 'application/json': { schema: event.schema } } } },
    responses: {
      200: {
        description: 'Kept.',
        content: { 'application/json': { schema: event.answer === null ? z.null() : z.literal(event.answer) } },
      },
      ...refusals(400, 401, 403, 413, 415, 429, 503),
    },
  })

const byPath = (event: WebhookEvent) => {
  const { security: _, ...route } = byToken(event)
  return createRoute({
    ...route,
    path: `/in/{secret}${event.path}`,
    request: { ...route.request, params: z.object({ secret: z.string().openapi({ description: 'One of WEBHOOK_PATH_SECRETS.' }) }) },
  })
}

/** Asked for when WEBHOOK_SECRETS is set. */
const signed = z.object({
  'webhook-id': z.string().optional().openapi({ description: 'The same for every try of one message.' }),
  'webhook-timestamp': z.string().optional().openapi({ description: 'Seconds since 1970, of this try.' }),
  'webhook-signature': z.string().optional().openapi({ description: 'Standard Webhooks: v1,<base64>, several divided by blanks.' }),
})
