/** `ponte falhas edit`, `requeue` and `discard`. Each is in the audit log under the name of whoever is logged in at this machine. */
import { PonteError } from '../../base/error.ts'
import { jobNamed } from '../../jobs/catalogue.ts'
import { runJob } from '../../jobs/run/run-job.ts'
import { discardDead } from '../../operations/discard-dead.ts'
import { editDead } from '../../operations/edit-dead.ts'
import { linesNumbered, openDead } from '../../operations/open-dead.ts'
import { rebaseOn } from '../../operations/rebase.ts'
import { type Passed, requeue, requeueMatching } from '../../operations/requeue.ts'
import type { CommandContext } from '../command.ts'
import { openOperator } from '../operator.ts'
import { plural } from '../output.ts'
import { type FilterOptions, filterOf } from './falhas-filter.ts'

export interface EditOptions {
  readonly set: readonly string[]
  readonly line?: number
  readonly requeue?: boolean
  readonly deliver?: boolean
}

export async function editFalha(command: CommandContext, named: string, options: EditOptions): Promise<number> {
  const { output } = command
  const set = Object.fromEntries(options.set.map(assignment))
  const operator = await openOperator(command)
  const dead = await openDead(operator.lanes, named)
  const edited = await editDead(operator, dead, { line: options.line, set, requeue: Boolean(options.requeue || options.deliver) })
  output.result({ ok: true, edited })
  output.say(`${edited.file}, line ${edited.line}`)
  for (const { field, from, to } of edited.changed) output.say(`    ${field}: ${from ?? '—'} → ${to ?? '—'}`)
  if (edited.changed.length === 0) output.say('    These values are in it already: nothing was changed.')
  if (edited.ownedByErp.length > 0)
    output.say(`    The ERP owns ${edited.ownedByErp.join(', ')}: correct it there too, or the next compare sends the ERP's value again.`)
  if (edited.requeued === null) {
    output.say(`It is still in falhas. To put it back:\n  ponte falhas requeue ${edited.file}`)
    return 0
  }
  tell(command, edited.requeued)
  return options.deliver ? deliver(command, [edited.requeued], { edited }) : 0
}

/** field=value; the value may hold further equals signs. */
function assignment(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1)]
  throw new PonteError('usage.wrong', '--set needs a field and its value', { hint: "for example --set phone='11 98765-4321'", exitCode: 2 })
}

export interface RequeueOptions extends FilterOptions {
  readonly all?: boolean
  readonly line?: readonly number[]
  readonly rebase?: boolean
  readonly deliver?: boolean
}

export async function requeueFalhas(command: CommandContext, files: readonly string[], options: RequeueOptions): Promise<number> {
  const { output } = command
  const filter = filterOf(options)
  const ways = [files.length > 0, options.all === true, Object.keys(filter).length > 0].filter(Boolean).length
  if (ways !== 1)
    throw new PonteError('usage.which_letters', ways === 0 ? 'no letter named' : 'file names, filters and --all exclude each other', {
      hint: 'say which: ponte falhas requeue <file>, or: ponte falhas requeue --code NOT_FOUND, or: ponte falhas requeue --all',
      exitCode: 2,
    })
  const operator = await openOperator(command)
  const rebase = options.rebase ? { rebase: rebaseOn((await operator.sides()).erp) } : {}
  const requeued: Passed[] = []
  const done = (one: Passed) => {
    requeued.push(one)
    output.result({ ok: true, requeued: requeued.map(document) })
    tell(command, one)
  }
  if (files.length === 0) for await (const one of requeueMatching(operator, filter, rebase)) done(one)
  else {
    // All are found before the first is moved: a typing error in the last name changes nothing.
    const found = await Promise.all([...new Set(files)].map((file) => openDead(operator.lanes, file)))
    const { line = [] } = options
    const chosen = found.map((dead) => (line.length > 0 ? linesNumbered(dead.lines ?? [], line) : null))
    for (const [index, dead] of found.entries()) done(await requeue(operator, dead, chosen[index]!, rebase))
  }
  output.result({ ok: true, requeued: requeued.map(document) })
  if (requeued.length === 0) output.say(ways === 1 && options.all ? 'falhas is empty: nothing to requeue.' : 'Nothing in falhas matches.')
  else if (options.deliver) return deliver(command, requeued, { requeued: requeued.map(document) })
  else if (requeued.some((one) => 'again' in one && one.again > 0)) output.say('\nThe next run of its job delivers what was requeued.')
  return 0
}

function document(one: Passed) {
  if ('gone' in one) return one
  const { again, ...rest } = one
  return { ...rest, queued: again }
}

function tell({ output }: CommandContext, one: Passed): void {
  output.say(one.file)
  if ('gone' in one) {
    output.say('    somebody else has dealt with it meanwhile')
    return
  }
  const { letter, superseded, left } = one
  if (letter !== null) output.say(`    → processar/${letter}`)
  if (superseded > 0) output.say(`    ${plural(superseded, 'line')} replaced by a newer change, or with nothing left to send: put away`)
  if (left > 0) output.say(`    ${plural(left, 'line')} still in falhas`)
}

/** Runs the jobs of what was requeued, now, in this process. A run that is under way elsewhere takes it too. */
async function deliver(command: CommandContext, requeued: readonly Passed[], result: object): Promise<number> {
  const { settings, output, closer, signal } = command
  const jobs = new Set(requeued.flatMap((one) => ('again' in one && one.again > 0 && one.job !== null ? [one.job] : [])))
  if (jobs.size === 0) {
    output.say('\nThere is nothing to deliver.')
    return 0
  }
  const { wire } = await import('../wire.ts')
  const context = await wire(settings, closer)
  const runs = []
  for (const name of jobs) runs.push(await runJob(context, jobNamed(name), { signal }))
  const dead = runs.reduce((sum, { counts }) => sum + Number(counts.dead ?? 0), 0)
  const failed = runs.some(({ status }) => status === 'failed' || status === 'stopped')
  output.result({ ok: !failed && dead === 0, ...result, runs })
  for (const { job, counts, message, status } of runs) {
    output.say(
      `\n${job}: ${counts.delivered ?? 0} delivered, ${counts.dead ?? 0} refused${message && status !== 'success' ? `\n  ${message}` : ''}`,
    )
    if (message === 'already running elsewhere') output.say('  Another run of this job is under way and takes what was requeued.')
  }
  if (dead > 0) output.say('What was refused again, and why:\n  ponte falhas ls')
  return failed || dead > 0 ? 1 : 0
}

export async function discardFalha(
  command: CommandContext,
  named: string,
  options: { reason: string; line?: readonly number[] },
): Promise<number> {
  const { output } = command
  const operator = await openOperator(command)
  const dead = await openDead(operator.lanes, named)
  const chosen = options.line && options.line.length > 0 ? linesNumbered(dead.lines ?? [], options.line) : null
  const discarded = await discardDead(operator, dead, chosen, options.reason)
  output.result({ ok: true, discarded })
  output.say(`${discarded.file}\n    ${plural(discarded.lines, 'line')} discarded, kept as processados/…/${discarded.archived}`)
  if (discarded.left > 0) output.say(`    ${plural(discarded.left, 'line')} still in falhas`)
  if (dead.kind?.entity)
    output.say('The compare does not send these values again. New values in the ERP are sent; so are these after: ponte held release')
  return 0
}
