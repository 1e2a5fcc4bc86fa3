import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../calls/call.ts'
import { notFound, refuse } from '../calls/reply.ts'
import { findTarget, type Target } from '../calls/routes.ts'
import type { Machine } from '../machine.ts'
import { parseJson, readBody } from './body.ts'
import type { Plan } from './faults.ts'
import { failureWire, jsonWire, tooManyWire, type Wire } from './wire.ts'

/** The CRM takes bodies up to 1 MiB here; the real limit is not public. */
const longestBody = 1_048_576

/**
 * One request to the CRM's API:
 *
 *   token ─> quota ─> faults before ─> handler (effect) ─> fsync ─> faults after ─> answer
 *
 * Resolves to what goes out; null cuts the connection.
 */
export async function answerCrm(machine: Machine, token: string, request: IncomingMessage, closing: AbortSignal): Promise<Wire | null> {
  const now = performance.now()
  const method = request.method ?? 'GET'
  const url = new URL(request.url ?? '/', 'http://crm')
  const target = findTarget(method, url.pathname)
  const name = target.handler ? target.name : '(unknown)'
  const finish = (wire: Wire | null): Wire | null => {
    machine.traffic.answered(method, name, wire?.status ?? 0)
    return wire
  }
  const known = request.headers.token_exact === token
  const quota = machine.quota
  // Judged before the body is awaited: arrivals must be seen in their order.
  const admission = known && quota ? quota.gate.admit(now) : ({ ok: true } as const)
  if (known) machine.traffic.arrived(now, admission.ok)
  const body = await readBody(request, longestBody)
  if (body === null) return finish(null)
  if (!known) return finish(jsonWire(refuse('Unauthorized', 401)))
  if (quota && !admission.ok) {
    const { retryAfter, answer } = quota.settings
    return finish(tooManyWire(admission.waitMs, retryAfter, answer, Date.now()))
  }
  if (body === 'too-long') return finish(jsonWire(refuse('Request Entity Too Large', 413), { connection: 'close' }))

  const plan = machine.faults.plan(method, name)
  if (plan.waitMs > 0) await sleep(plan.waitMs, undefined, { signal: closing })
  if (plan.before !== null) return finish(plan.before === 'cut' ? null : plan.before)
  const wire = handle(machine, target, { request, url, body, plan })
  // Also for reads: nobody may be told of something that a crash could still undo.
  await machine.crm.log.durable()
  if (plan.lateMs > 0) await sleep(plan.lateMs, undefined, { signal: closing })
  return finish(disturbed(wire, plan))
}

function handle(
  { crm }: Machine,
  target: Target,
  { request, url, body, plan }: { request: IncomingMessage; url: URL; body: Buffer; plan: Plan },
): Wire {
  if (!target.handler) return jsonWire(notFound())
  const root = `http://${request.headers.host ?? 'localhost'}${target.base}`
  const call: Call = {
    crm,
    id: target.id,
    params: url.searchParams,
    body: body.length === 0 ? undefined : parseJson(body),
    root,
    address: `http://${request.headers.host ?? 'localhost'}${url.pathname}`,
    bend: { ignoreFilter: plan.ignoreFilter, drift: plan.drift },
  }
  return jsonWire(target.handler(call))
}

function disturbed(wire: Wire, { after }: Plan): Wire | null {
  if (after === null) return wire
  if (after === 'cut') return null
  return after === 'garble' ? { ...wire, text: wire.text.slice(0, Math.floor(wire.text.length / 2)) } : after
}

/** Sends the answer, or cuts the connection. */
export function send(response: ServerResponse, wire: Wire | null): void {
  if (wire === null) {
    response.destroy()
    return
  }
  const length = wire.status === 204 ? {} : { 'content-length': Buffer.byteLength(wire.text) }
  response.writeHead(wire.status, { ...wire.headers, ...length })
  response.end(wire.text)
}

/** A surprise inside the simulator, its disk for one: the caller gets a 500 and must doubt the effect. */
export function surprised(): Wire {
  return failureWire(500)
}
