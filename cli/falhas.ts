/** `ponte falhas ls|show|requeue`: what could not be delivered, why, and putting it back. */
import type { Command } from 'commander'
import { PonteError } from '../base/error.ts'
import { openState } from '../connectors/state/pool.ts'
import type { Settings } from '../deploy/env.ts'
import { requeueLetter } from '../jobs/requeue.ts'
import { openLane } from '../queue-dirs/lane.ts'
import type { DeadLetter, Lane, LaneName } from '../queue-dirs/lane.types.ts'
import { execute } from './command.ts'
import { table } from './output.ts'
import { openDatabases } from './wire.ts'

const laneNames: readonly LaneName[] = ['leads', 'contacts']

export function falhasCommand(program: Command): void {
  const falhas = program.command('falhas').description('the letters that could not be delivered')

  falhas
    .command('ls')
    .description('list them, oldest first')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExample:\n  ponte falhas ls')
    .action((options: { json?: boolean }) =>
      execute(options, async ({ settings, output }) => {
        const letters: DeadLetter[] = []
        for (const lane of await openLanes(settings)) for await (const letter of lane.deadLetters()) letters.push(letter)
        output.result({ ok: true, falhas: letters })
        if (letters.length === 0) output.say('falhas is empty')
        else
          output.say(
            table(
              ['lane', 'file', 'failed at', 'lines', 'reason'],
              letters.map((one) => [
                one.lane,
                one.file,
                one.failedAt,
                one.lines.length,
                [...new Set(one.lines.map((line) => line.code))].join(', '),
              ]),
            ),
          )
        return 0
      }),
    )

  falhas
    .command('show')
    .argument('<file>', 'file name, as listed')
    .description('what was sent and why it was refused')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExample:\n  ponte falhas show insert_leads_in_crm_….json')
    .action((file: string, options: { json?: boolean }) =>
      execute(options, async ({ settings, output }) => {
        const { letter, body } = await (await laneHolding(settings, file)).showDead(file)
        const lines = body.split('\n').filter((line) => line !== '')
        output.result({ ok: true, ...letter, body: lines })
        for (const [index, line] of letter.lines.entries()) {
          output.say(`line ${line.line}  ${line.code}${line.httpStatus === undefined ? '' : ` (HTTP ${line.httpStatus})`}`)
          output.say(`  ${line.reason}`)
          output.say(`  ${lines[index] ?? ''}`)
        }
        return 0
      }),
    )

  falhas
    .command('requeue')
    .argument('<file...>', 'file names, as listed')
    .description('put letters back on the queue; what was delivered later in a newer version stays superseded')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExample:\n  ponte falhas requeue insert_leads_in_crm_….json')
    .action((files: string[], options: { json?: boolean }) =>
      execute(options, async ({ settings, output, closer }) => {
        const { stateUrl } = await openDatabases(settings, closer)
        const state = await openState(stateUrl)
        closer.add(() => state.end())
        const requeued = []
        for (const file of files) {
          const result = await requeueLetter(state, await laneHolding(settings, file), file)
          requeued.push({ file, ...result })
          output.say(`${file} → processar/${result.letter}: ${result.queued} lines queued, ${result.superseded} superseded`)
        }
        output.result({ ok: true, requeued })
        return 0
      }),
    )
}

const openLanes = (settings: Settings): Promise<Lane[]> =>
  Promise.all(laneNames.map((name) => openLane({ root: settings.queueRoot, name })))

async function laneHolding(settings: Settings, file: string): Promise<Lane> {
  for (const lane of await openLanes(settings)) for await (const letter of lane.deadLetters()) if (letter.file === file) return lane
  throw new PonteError('falhas.not_found', `There is no letter called "${file}" in falhas.`, {
    hint: 'List them with: ponte falhas ls',
    exitCode: 2,
  })
}
