import type { Log } from '../../../base/log/log.ts'
import type { Call } from '../call.ts'
import { CrmUnavailable } from '../errors.ts'
import { createdSchema } from './answers.ts'
import { idLiteral } from './odata.ts'
import { refusalOf } from './refusals.ts'
import type { CrmResult, Spotter, WriteGuard } from './types.ts'
import type { Answer } from './verdict.ts'

export interface WriteOptions {
  readonly send: (call: Call) => Promise<Answer>
  readonly token: string
  /** Milliseconds per attempt. */
  readonly timeoutMs: number
  readonly log?: Log | undefined
}

type Writes = Pick<
  Spotter,
  'addLead' | 'updateLead' | 'addPerson' | 'updatePerson' | 'winLead' | 'qualify' | 'removeRecommendedProduct' | 'addRecommendedProducts'
>

interface Write {
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly guard?: WriteGuard | undefined
  /** As the CRM spells it; fit for messages. */
  readonly endpoint: string
  /** What follows the endpoint: `/id`, `?query`. */
  readonly rest?: string
  readonly body?: unknown
  /** The code that the CRM's documentation names. Any other 2xx is success too, with a note in the log. */
  readonly expect: 200 | 201 | 204
}

/** The CRM refuses a lead that repeats a tax id; it wants the text, not a boolean. */
const duplicityValidation = 'true'

/** The writing half of the client. */
export function writes(options: WriteOptions): Writes {
  async function write<T>(request: Write, read: (json: unknown, what: string) => T): Promise<CrmResult<T>> {
    const what = `${request.method} ${request.endpoint}`
    const answer = await options.send({
      what,
      method: request.method,
      path: request.endpoint + (request.rest ?? ''),
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      timeoutMs: options.timeoutMs,
      mayStart: request.guard?.mayStart,
    })
    if (answer.kind === 'refused') return refusalOf(request.endpoint, answer, options.token)
    if (answer.status !== request.expect) {
      options.log?.debug({ call: what, status: answer.status, expected: request.expect }, 'the CRM answered with another success code')
    }
    return { ok: true, value: read(answer.json, what) }
  }
  const change = (request: Write) => write(request, () => undefined)

  return {
    addLead: (lead, guard) =>
      write({ method: 'POST', endpoint: 'LeadsAdd', body: { duplicityValidation, lead }, expect: 201, guard }, createdId),
    updateLead: (id, lead, guard) =>
      change({
        method: 'PUT',
        endpoint: 'LeadsUpdate',
        rest: `/${idLiteral(id)}`,
        body: { duplicityValidation, lead },
        expect: 201,
        guard,
      }),
    addPerson: (person, guard) => write({ method: 'POST', endpoint: 'personsAdd', body: person, expect: 201, guard }, createdId),
    updatePerson: (id, person, guard) =>
      change({ method: 'PUT', endpoint: 'PersonsUpdate', rest: `/${idLiteral(id)}`, body: person, expect: 200, guard }),
    winLead: (sale, guard) => change({ method: 'POST', endpoint: 'leadsWon', body: sale, expect: 201, guard }),
    qualify: (leadId, answers, guard) =>
      change({ method: 'POST', endpoint: 'leadsQualification', body: { leadId, answersList: answers }, expect: 201, guard }),
    removeRecommendedProduct: (leadId, productId, guard) =>
      change({
        method: 'DELETE',
        endpoint: 'recommendedProductsRemove',
        rest: `/${idLiteral(leadId)}?productId=${idLiteral(productId)}`,
        expect: 204,
        guard,
      }),
    addRecommendedProducts: (leadId, products, guard) =>
      change({ method: 'POST', endpoint: 'recommendedProductsAdd', body: { leadId, products }, expect: 201, guard }),
  }
}

/** A success without the new id: the record is there, its id has to be looked up. */
function createdId(json: unknown, what: string): number {
  const created = createdSchema.safeParse(json)
  if (created.success) return created.data.value
  throw new CrmUnavailable(`${what}: a success code without the id of what was made`, { inDoubt: true })
}
