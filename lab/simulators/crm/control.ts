import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { leadSet } from './calls/lead-set.ts'
import { personSet } from './calls/sets.ts'
import { parseJson, readBody } from './http/body.ts'
import { policiesSchema } from './http/settings.ts'
import { jsonWire, type Wire } from './http/wire.ts'
import type { Machine } from './machine.ts'
import { effectKinds } from './state/model.ts'
import {
  deleteLead,
  deletePerson,
  editLead,
  editPerson,
  enterLead,
  enterPerson,
  leadEdit,
  newLead,
  newPerson,
  personEdit,
  touch,
} from './user-edits.ts'

interface Asked {
  readonly machine: Machine
  readonly id: number
  readonly params: URLSearchParams
  readonly body: unknown
}
/** The answer's body; undefined becomes 404. */
type Control = (asked: Asked) => unknown

const effectsQuery = z.object({
  since: z.coerce.number().int().min(0).default(0),
  kind: z.enum(effectKinds).optional(),
  by: z.enum(['api', 'user']).optional(),
  limit: z.coerce.number().int().min(1).max(50_000).default(5_000),
})

const controls: ReadonlyMap<string, Control> = new Map<string, Control>([
  ['GET /', ({ machine }) => ({ seed: machine.seed, ...machine.crm.state.counts, lastSeq: machine.crm.log.lastSeq })],
  ['GET /faults', ({ machine }) => ({ ...machine.faults.report(), seed: machine.seed, policies: machine.crm.policies })],
  ['PUT /faults', putFaults],
  ['PUT /quota', putQuota],
  ['GET /requests', getRequests],
  ['GET /effects', getEffects],
  ['GET /state/leads/#', getLead],
  ['POST /leads', ({ machine, body }) => enterLead(machine.crm, newLead.parse(body))],
  ['POST /leads/#', ({ machine, id, body }) => editLead(machine.crm, id, leadEdit.parse(body)) ?? undefined],
  ['DELETE /leads/#', ({ machine, id }) => (deleteLead(machine.crm, id) ? {} : undefined)],
  ['POST /leads/#/persons', ({ machine, id, body }) => enterPerson(machine.crm, id, newPerson.parse(body)) ?? undefined],
  ['POST /persons/#', ({ machine, id, body }) => editPerson(machine.crm, id, personEdit.parse(body)) ?? undefined],
  ['DELETE /persons/#', ({ machine, id, body }) => (deletePerson(machine.crm, id, touch.parse(body)) ? {} : undefined)],
  ['GET /webhooks', ({ machine }) => machine.webhooks.report()],
  ['PUT /webhooks', putWebhooks],
  ['POST /webhooks/flush', flushWebhooks],
  ['POST /reset', reset],
])

/** The address part that belongs to control, on the same port as the CRM. */
export const controlPath = '/__control'

/**
 * The control API: how tests and demonstrations make the simulator fail and look inside. It has no token, so it answers only
 * to this machine, and never to a web page (a request with an Origin).
 */
export async function answerControl(machine: Machine, request: IncomingMessage): Promise<Wire> {
  const address = request.socket.remoteAddress ?? ''
  const loopback = address === '::1' || /^(::ffff:)?127\./.test(address)
  if (!loopback || request.headers.origin !== undefined) return problem(403, 'control answers to this machine only')
  const url = new URL(request.url ?? '/', 'http://crm')
  const path = url.pathname.slice(controlPath.length).replace(/\/$/, '') || '/'
  const id = Number(/\/(\d{1,10})(\/|$)/.exec(path)?.[1] ?? 0)
  const control = controls.get(`${request.method} ${path.replace(/\/\d{1,10}(?=\/|$)/, '/#')}`)
  const body = await readBody(request, 1_048_576)
  if (!control || body === null || body === 'too-long') return problem(404, 'no such control')
  try {
    const answer = await control({ machine, id, params: url.searchParams, body: body.length === 0 ? {} : parseJson(body) })
    await machine.crm.log.durable()
    return answer === undefined ? problem(404, 'no such record') : jsonWire({ status: 200, body: answer })
  } catch (error) {
    if (error instanceof z.ZodError) return problem(400, z.prettifyError(error))
    throw error
  }
}

function problem(status: number, message: string): Wire {
  return jsonWire({ status, body: { error: { code: '', message } } })
}

/** Replaces all faults. Policies named in the same body change, the others stay. */
function putFaults({ machine, body }: Asked): unknown {
  const given = z.record(z.string(), z.unknown()).parse(body)
  const isPolicy = ([name]: [string, unknown]) => name in machine.crm.policies
  const policies = policiesSchema.partial().parse(Object.fromEntries(Object.entries(given).filter(isPolicy)))
  machine.setFaults(Object.fromEntries(Object.entries(given).filter((entry) => !isPolicy(entry))))
  machine.setPolicies(policies)
  return { ...machine.faults.report(), policies: machine.crm.policies }
}

function putQuota({ machine, body }: Asked): unknown {
  machine.setQuota(body)
  return { quota: machine.quota?.settings ?? null }
}

/** Replaces all settings; null: off. */
function putWebhooks({ machine, body }: Asked): unknown {
  machine.webhooks.set(body)
  return machine.webhooks.report()
}

async function flushWebhooks({ machine }: Asked): Promise<unknown> {
  await machine.crm.log.durable()
  await machine.webhooks.flush()
  return machine.webhooks.report()
}

function getRequests({ machine, params }: Asked): unknown {
  const windowMs = z.coerce
    .number()
    .min(1)
    .default(machine.quota?.settings.windowMs ?? 20_000)
  return machine.traffic.report(windowMs.parse(params.get('windowMs') ?? undefined))
}

async function getEffects({ machine, params }: Asked): Promise<unknown> {
  await machine.crm.log.durable()
  const effects = await machine.crm.log.read(effectsQuery.parse(Object.fromEntries(params)))
  return { effects, lastSeq: machine.crm.log.lastSeq }
}

function getLead({ machine, id }: Asked): unknown {
  const { crm } = machine
  const lead = crm.state.lead(id)
  if (!lead) return undefined
  return {
    row: lead,
    shown: leadSet(crm).show(lead),
    persons: crm.state.personsOf(id).map(personSet(crm).show),
    products: crm.state.products(id),
    sale: crm.state.sale(id) ?? null,
  }
}

async function reset({ machine, body }: Asked): Promise<unknown> {
  const { keepBase } = z.strictObject({ keepBase: z.boolean().default(true) }).parse(body)
  await machine.reset(keepBase)
  return { lastSeq: machine.crm.log.lastSeq }
}
