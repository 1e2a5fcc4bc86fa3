/** The floor: Hono's hello world on the same node-server. Says `{ url }` when it listens. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono().post('/atualizalead', (c) => c.text('Hello World'))
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
if (!server.listening) await once(server, 'listening')
process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
