/** The routes of refused letters: look, correct, put back, put away. What is done is done by operations. */
import type { Context, Hono } from 'hono'
import { PonteError } from '../../../base/error.ts'
import { audited } from '../../../connectors/state/people/audit.ts'
import { requestRun } from '../../../connectors/state/runs/run-requests.ts'
import { discardDead } from '../../../operations/discard-dead.ts'
import { editDead } from '../../../operations/edit-dead.ts'
import type { DeadFilter } from '../../../operations/find-dead.ts'
import { heldKeys, release } from '../../../operations/held.ts'
import { linesNumbered, type OpenDead, openDead } from '../../../operations/open-dead.ts'
import type { Operator } from '../../../operations/operator.ts'
import { rebaseOn } from '../../../operations/rebase.ts'
import { requeue, requeueMatching } from '../../../operations/requeue.ts'
import type { Requeued } from '../../../operations/requeue-dead.ts'
import type { ApiDeps } from '../../deps.ts'
import { formOf } from '../../http/input.ts'
import type { ApiEnv } from '../../http/types.ts'
import { say } from '../flash.ts'
import { plural } from '../format.ts'
import type { View } from '../layout.tsx'
import { personOf, requireOperator } from '../people/guard.ts'
import { filterOf } from './falhas-filter.ts'
import { showFalhas } from './falhas-list.tsx'
import { showLetter } from './letter.tsx'

const list = '/ui/falhas'
/** How long one request requeues; what is left then is left for the next. */
const BULK_MS = 15_000

export function registerFalhas(pages: Hono<ApiEnv>, deps: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  const { state, lanes, log, erp } = deps
  const operatorOf = (c: Context<ApiEnv>): Operator => ({ lanes, state, log, actor: `user:${personOf(c).name}`, audited: audited(state) })
  const rebase = rebaseOn(erp)
  /** Its job looks at once; a paused one waits for its operator. */
  const runOf = async (c: Context<ApiEnv>, job: string | null) =>
    job === null ? null : requestRun(state, { job, trigger: 'job', by: personOf(c).name })

  pages.get(list, showFalhas(deps, viewOf))
  pages.get(`${list}/:file`, showLetter(deps, viewOf))
  pages.use(`${list}/*`, requireOperator())

  pages.post(`${list}/requeue`, (c) =>
    orSay(c, list, async () => {
      const sent = await formOf(c, { all: true })
      const options = sent.how === 'rebase' ? { rebase } : {}
      const files = ([] as unknown[]).concat(sent.file ?? []).filter((one) => typeof one === 'string')
      const done =
        sent.which === 'matching' ? await matching(operatorOf(c), filterOf(sent), options) : await these(operatorOf(c), files, options)
      for (const job of new Set(done.requeued.map(({ job }) => job))) await runOf(c, job)
      return say(c, list, 'ok', summary(done))
    }),
  )

  pages.post(`${list}/release`, (c) =>
    orSay(c, list, async () => {
      const { key, entity } = await formOf(c)
      const items = (await heldKeys(state, [String(key)])).filter((one) => one.entity === entity)
      const released = await release(operatorOf(c), items)
      return say(c, list, 'ok', `${plural(released.length, 'key')} released: the next compare sends what still differs.`)
    }),
  )

  pages.post(`${list}/:file/:act{edit|requeue|rebase|discard}`, (c) => {
    const file = c.req.param('file')
    return orSay(c, `${list}/${encodeURIComponent(file)}`, async () => {
      const sent = await formOf(c)
      const dead = await openDead(lanes, file)
      if (typeof sent.version === 'string' && sent.version !== dead.version) throw changedMeanwhile()
      const line = typeof sent.line === 'string' && sent.line !== '' ? Number(sent.line) : undefined
      const chosen = line === undefined || sent.whole === '1' || dead.lines === null ? null : linesNumbered(dead.lines, [line])
      const operator = operatorOf(c)
      switch (c.req.param('act')) {
        case 'discard': {
          const { lines } = await discardDead(operator, dead, chosen, typeof sent.reason === 'string' ? sent.reason : '')
          return say(c, list, 'ok', `${plural(lines, 'line')} put away, with your reason.`)
        }
        case 'edit': {
          const edited = await editDead(operator, dead, { line, set: changes(dead, line, sent), requeue: sent.then === 'requeue' })
          const words =
            edited.changed.length === 0 ? 'Nothing was changed.' : `Changed: ${edited.changed.map(({ field }) => field).join(', ')}.`
          const owned =
            edited.ownedByErp.length === 0
              ? ''
              : ` The ERP owns ${edited.ownedByErp.join(', ')}: correct it there too, or the next compare sends its value.`
          if (edited.requeued === null) return say(c, `${list}/${encodeURIComponent(file)}`, 'ok', words + owned)
          return onItsWay(c, edited.requeued, `${words}${owned} `)
        }
        default:
          return onItsWay(c, await requeue(operator, dead, chosen, c.req.param('act') === 'rebase' ? { rebase } : {}), '')
      }
    })
  })

  /** To the run that delivers it, which shows how it ends. */
  async function onItsWay(c: Context<ApiEnv>, { job, again, superseded }: Requeued, before: string): Promise<Response> {
    const passed =
      superseded === 0 ? '' : ` ${plural(superseded, 'line')} ended without a call: nothing is left to send, or newer values wait.`
    if (again === 0) return say(c, list, 'ok', `${before}${passed.trim()}`)
    const run = await runOf(c, job)
    return say(c, run === null ? list : `/ui/runs/${run}`, 'ok', `${before}${plural(again, 'line waits', 'lines wait')} again.${passed}`)
  }
}

interface Done {
  readonly requeued: readonly Requeued[]
  readonly gone: number
  readonly more: boolean
}

async function matching(operator: Operator, filter: DeadFilter, options: Parameters<typeof requeue>[3]): Promise<Done> {
  const until = performance.now() + BULK_MS
  const requeued: Requeued[] = []
  let gone = 0
  for await (const one of requeueMatching(operator, filter, options)) {
    if ('gone' in one) gone++
    else requeued.push(one)
    if (performance.now() > until) return { requeued, gone, more: true }
  }
  return { requeued, gone, more: false }
}

async function these(operator: Operator, files: readonly string[], options: Parameters<typeof requeue>[3]): Promise<Done> {
  const requeued: Requeued[] = []
  for (const file of files) requeued.push(await requeue(operator, await openDead(operator.lanes, file), null, options))
  return { requeued, gone: 0, more: false }
}

function summary({ requeued, gone, more }: Done): string {
  const sum = (name: 'again' | 'superseded') => requeued.reduce((total, one) => total + one[name], 0)
  return [
    requeued.length === 0
      ? 'No letter was chosen.'
      : `${plural(requeued.length, 'letter')}: ${plural(sum('again'), 'line waits', 'lines wait')} again.`,
    sum('superseded') > 0
      ? `${plural(sum('superseded'), 'line')} ended without a call: nothing is left to send, or newer values wait.`
      : '',
    gone > 0 ? `${plural(gone, 'letter')} somebody else dealt with meanwhile.` : '',
    more ? 'There are more: press again.' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** What the form shows differently from what the line says: fields that nobody touched are not judged. */
function changes(dead: OpenDead, line: number | undefined, sent: Readonly<Record<string, unknown>>): Record<string, string | null> {
  const found = line === undefined ? dead.lines?.[0] : dead.lines?.find(({ reason }) => reason.line === line)
  const given = Object.entries(sent).flatMap(([name, value]) =>
    name.startsWith('set.') && typeof value === 'string' ? [[name.slice(4), value.trim()] as const] : [],
  )
  return Object.fromEntries(
    given.filter(([name, value]) => value !== (found?.sent[name] ?? '')).map(([name, value]) => [name, value === '' ? null : value]),
  )
}

/** What an operator is refused is said on the page it came from. */
async function orSay(c: Context<ApiEnv>, back: string, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof PonteError) || !/^(falhas\.|queue\.(no_such_letter|letter_changed))/.test(error.code)) throw error
    const isGone = error.code === 'falhas.not_found' || error.code === 'queue.no_such_letter'
    return say(
      c,
      isGone ? list : back,
      'bad',
      isGone ? 'This letter is not in falhas any more: somebody was faster.' : `${error.message}. ${error.hint}.`,
    )
  }
}

const changedMeanwhile = () =>
  new PonteError('queue.letter_changed', 'Somebody else has changed this letter meanwhile', {
    hint: 'This is how it is now: nothing was changed',
  })
