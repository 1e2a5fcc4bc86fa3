/** Bull Board as an app. */
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import type { QueueBackend } from '../../../connectors/queue-backend/queue-backend.ts'
import { assetUrl } from '../assets.ts'
import { painelPath as path } from './painel-path.ts'

/** It shows, and has no buttons that act. */
export function boardOf(queue: QueueBackend['queue']): Hono {
  const adapter = new HonoAdapter(serveStatic)
  adapter.setBasePath(path)
  createBullBoard({
    queues: [
      new BullMQAdapter(queue, { readOnlyMode: true, description: 'When each job looks. What remains to do is in the queue directories.' }),
    ],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Ponte',
        boardLogo: { path: assetUrl('icon.svg') },
        favIcon: { default: assetUrl('icon.svg'), alternative: assetUrl('icon.svg') },
        miscLinks: [{ text: 'Back to Ponte', url: '/ui' }],
        hideDocsLink: true,
      },
    },
  })
  return new Hono().route(path, adapter.registerPlugin())
}
