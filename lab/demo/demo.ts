/** `ponte demo`: the whole bridge on embedded defaults. A story for people, one JSON document for machines, and a check of itself. */
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type CommandContext, execute } from '../../cli/command.ts'
import { duration, seconds } from '../../cli/output.ts'
import { wholeNumber } from '../../cli/whole-number.ts'
import { timeUnderQuota } from '../../jobs/detect/plan.ts'
import { startCrmSimulator } from '../simulators/crm/simulator.ts'
import { editDemo, loadDemo, mismatches } from './erp.ts'
import { deadLetters, effectsOf } from './figures.ts'
import { freshPlace } from './place.ts'
import { demoRunner } from './runner.ts'
import { type DemoServerName, demoServers } from './servers.ts'

/** High enough not to wait, low enough to be a limit that is really taken from the shared quota. */
const demoQuota = { limit: 10_000, windowMs: 20_000 }
const realQuota = { limit: 30, windowMs: 20_000 }
/** Of more than 100 linked branches 30 percent at most: the guard stops a compare in which more begin to differ at once. */
const edits = (linked: number) => Math.min(40, linked > 100 ? Math.floor(linked * 0.3) : linked)

interface Options {
  erp: DemoServerName
  branches: string
  seed: string
  json?: boolean
}

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('embedded ERP, simulated CRM, both directions, then three idle cycles')
    .addOption(new Option('--erp <database>', 'what the ERP runs on').choices(Object.keys(demoServers)).default('postgres'))
    .option('--branches <n>', 'ERP branches', '2000')
    .option('--seed <n>', 'same seed, same data', '1')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  ponte demo\n  ponte demo --erp mysql\n  ponte demo --erp oracle   (the driver, the connector and the SQL are real; the Oracle is simulated)\n  ponte demo --branches 10000 --json\n\nWorks in ./data/demo, which is emptied first.',
    )
    .action((options: Options) =>
      execute(options, (command) =>
        demo(command, options.erp, wholeNumber('--branches', options.branches), wholeNumber('--seed', options.seed)),
      ),
    )
}

async function demo(command: CommandContext, on: DemoServerName, branches: number, seed: number): Promise<number> {
  const { output, closer } = command
  const startedAt = performance.now()
  let step = 0
  const tell = (text: string) => output.say(`\n${++step}. ${text}`)
  const detail = (text: string) => output.say(`   ${text}`)

  output.say(`Ponte demo: an ERP of its own on ${demoServers[on].what}, and a simulated CRM. Nothing leaves this machine.`)
  tell(`The ERP: ${branches} branches of Brazilian companies`)
  output.bar('starting the databases').update(0)
  const place = await freshPlace(command.settings, on, closer)
  const bar = output.bar('loading the ERP')
  const data = await loadDemo(place, { branches, seed }, closer, (done, total) => bar.update(done, total))
  bar.stop()
  detail(
    `${data.clients} clients, ${data.contacts} contacts, ${data.linked} branches already linked to CRM leads, ${data.eligible} flagged and not yet in the CRM`,
  )

  tell('The CRM: a simulator that behaves like Exact Spotter')
  const simulator = await startCrmSimulator({
    dataDir: join(place.folder, 'simulator-crm'),
    token: 'demo',
    quota: demoQuota,
    load: data.crmFile,
    options: { catalogue: { representatives: data.reps } },
  })
  closer.add(() => simulator.close())
  detail(
    `${simulator.url} holds ${data.linked} leads; its quota is raised to ${demoQuota.limit} requests per ${demoQuota.windowMs / 1000} s for this demo`,
  )

  const { wire } = await import('../../cli/wire.ts')
  const settings = {
    ...place.settings,
    crm: { url: simulator.url, token: 'demo' },
    crmLimits: { ...place.settings.crmLimits, ...demoQuota },
    salesEmailFallback: 'vendas@example.com.br',
  }
  const context = await wire(settings, closer)
  const { run, cycle } = demoRunner(command, place, context)

  tell('First cycle: compare in memory, queue what differs, deliver')
  const before = simulator.requests().authenticated
  const first = await cycle()
  const created = await effectsOf(simulator)
  const calls = simulator.requests().authenticated - before
  detail(
    `${first.changed} differences found and queued; ${created.leadAdded} leads and ${created.personAdded} contacts created in ${seconds(first.ms)}, ${calls} CRM requests`,
  )
  detail(
    `at the CRM's real limit of ${realQuota.limit} requests per ${realQuota.windowMs / 1000} s these would take ${duration(timeUnderQuota(calls, realQuota.limit, realQuota.windowMs))}`,
  )

  tell('Second cycle: nothing changed, so nothing must happen')
  const second = await cycle()
  const idle = await effectsOf(simulator)
  const secondRun = { changes: second.changed, crmWrites: idle.total - created.total }
  detail(`${secondRun.changes} differences, ${secondRun.crmWrites} writes to the CRM, ${seconds(second.ms)}`)

  const count = edits(data.linked)
  tell(`Somebody works in the ERP: ${count} edits of linked branches`)
  const edited = await editDemo(place, { count, seed })
  for (const edit of edited.slice(0, 3)) detail(`lead ${edit.id_crm}: ${edit.field}: ${edit.before ?? '—'} → ${edit.after ?? '—'}`)

  tell('Third cycle: the edits reach the CRM, once each')
  const third = await cycle()
  const updated = await effectsOf(simulator)
  const crmUpdates = updated.leadUpdated - idle.leadUpdated
  const wrong = await mismatches(place, context, edited)
  detail(
    `${crmUpdates} leads updated in ${seconds(third.ms)}; ${edited.length - wrong.length} of ${edited.length} now hold the ERP's values`,
  )

  const { wayBack } = await import('./way-back.ts')
  const back = await wayBack({ place, settings, context, simulator, closer, seed, tell, detail, run })

  const falhas = await deadLetters(context)
  const balanced = first.balanced && second.balanced && third.balanced
  const ok =
    created.leadAdded === data.eligible &&
    secondRun.changes === 0 &&
    secondRun.crmWrites === 0 &&
    crmUpdates === edited.length &&
    updated.total - idle.total === edited.length &&
    wrong.length === 0 &&
    back.ok &&
    falhas === 0 &&
    balanced
  const ms = Math.round(performance.now() - startedAt)
  output.result({
    ok,
    branches,
    eligible: data.eligible,
    leadsCreated: created.leadAdded,
    contactsCreated: created.personAdded,
    secondRun,
    erpEdits: edited.length,
    crmUpdates,
    ...back.figures,
    falhas,
    balanced,
    crmRequests: calls,
    msAtRealQuota: timeUnderQuota(calls, realQuota.limit, realQuota.windowMs),
    ms,
  })
  output.say(
    `\n${ok ? 'Everything agrees' : 'SOMETHING DOES NOT AGREE'}: falhas ${falhas}, every run balances: ${balanced ? 'yes' : 'NO'}. ${seconds(ms)} in all.`,
  )
  output.say(`Look around: ${place.folder} (queue, snapshots, log). Next: ponte --help`)
  return ok ? 0 : 1
}
