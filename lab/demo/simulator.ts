/** `ponte simulator crm`: the simulated Exact Spotter as a server of its own. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { execute } from '../../cli/command.ts'
import { wholeNumber } from '../../cli/whole-number.ts'
import { startCrmSimulator } from '../simulators/crm/simulator.ts'
import { type WebhooksInput, webhookSettingsSchema } from '../simulators/crm/webhooks/settings.ts'
import { simulatorOracleCommand } from './simulator-oracle.ts'

interface Options {
  port: string
  token: string
  data: string
  load?: string
  host: string
  limit: string
  window: string
  webhooks?: string
  webhookToken?: string
  webhookSecret?: string
  json?: boolean
}

export function simulatorCommand(program: Command): void {
  const simulator = program
    .command('simulator')
    .description('simulators of systems that cannot be had here')
    .addHelpText('after', '\nExamples:\n  ponte simulator crm --port 8900\n  ponte simulator oracle --port 1521')
  simulatorOracleCommand(simulator)
  simulator
    .command('crm')
    .description('a server that behaves like Exact Spotter, and fails on demand')
    .option('--port <n>', 'TCP port', '8900')
    .option('--host <address>', 'where it listens; anybody who reaches it may control it', '127.0.0.1')
    .option('--token <text>', 'what the header token_exact must say', 'simulator')
    .option('--data <folder>', 'its state and effect log', './data/simulator-crm')
    .option('--load <file>', 'NDJSON of leads and persons to begin with (see ponte demo-data --crm-file)')
    .option('--limit <n>', 'requests per window; 0 = no quota', '30')
    .option('--window <ms>', 'the window, milliseconds', '20000')
    .option('--webhooks <baseUrl>', 'send webhooks there: /atualizalead, /convertedlead, /leaddescartada')
    .option('--webhook-token <text>', 'with authorization: Bearer <text>')
    .option('--webhook-secret <base64>', 'and signed as Standard Webhooks (whsec_... or plain base64)')
    .option('--json', 'print the address as one JSON document')
    .addHelpText(
      'after',
      `
This is a simulator written from what is publicly known of the CRM's API. It proves how Ponte behaves towards such an API;
it does not prove how the real CRM answers.

Examples:
  ponte simulator crm
  API_URL=http://127.0.0.1:8900/v3/ API_TOKEN=simulator ponte run job_insert_leads_in_spotter
  ponte simulator crm --webhooks http://127.0.0.1:5000 --webhook-token secret

Failure modes: PUT http://127.0.0.1:8900/__control/faults, for example {"answersLost": 0.2, "errors5xx": 0.3}
Those of webhooks: PUT .../__control/webhooks {"baseUrl": "http://127.0.0.1:5000", "faults": {"duplicate": 0.2}}
Webhooks wait in memory only: ending the simulator loses those under way, as a CRM may lose some.`,
    )
    .action((options: Options) =>
      execute(options, async ({ output, closer, signal }) => {
        const limit = wholeNumber('--limit', options.limit)
        const port = wholeNumber('--port', options.port)
        const webhooks = webhookSettings(options)
        const simulator = await startCrmSimulator({
          port,
          host: options.host,
          dataDir: options.data,
          token: options.token,
          quota: limit === 0 ? null : { limit, windowMs: wholeNumber('--window', options.window) },
          ...(options.load === undefined ? {} : { load: options.load }),
          webhooks,
        }).catch((error) => Promise.reject(portError(port, error)))
        closer.add(() => simulator.close())
        output.result({ ok: true, url: simulator.url, controlUrl: simulator.controlUrl })
        output.end()
        output.say(`CRM SIMULATOR (not the real CRM) at ${simulator.url}`)
        output.say(
          `  ${limit === 0 ? 'no quota' : `${limit} requests per ${Number(options.window) / 1000} s`} · effects in ${options.data} · control at ${simulator.controlUrl}`,
        )
        if (webhooks) output.say(`  webhooks to ${webhooks.baseUrl}`)
        output.say('  Ctrl-C ends it; its state stays.')
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return 0
      }),
    )
}

/** Null: none are sent. Throws PonteError `simulator.webhooks`, exit code 2, which never quotes token or secret. */
function webhookSettings({ webhooks, webhookToken, webhookSecret }: Options): WebhooksInput | null {
  const given = { token: webhookToken, secret: webhookSecret }
  if (webhooks === undefined && webhookToken === undefined && webhookSecret === undefined) return null
  const checked = webhookSettingsSchema.safeParse({ baseUrl: webhooks, ...given })
  if (webhooks !== undefined && checked.success) return { baseUrl: webhooks, ...given }
  const option = { baseUrl: '--webhooks', token: '--webhook-token', secret: '--webhook-secret' }
  const wrong = checked.error?.issues.map(({ path }) => option[path[0] as keyof typeof option]) ?? []
  throw new PonteError('simulator.webhooks', `webhooks cannot be sent like that: ${wrong.join(', ')} is missing or not of the right form`, {
    hint: '--webhooks http://127.0.0.1:5000, --webhook-token without spaces, --webhook-secret of 24 to 64 bytes in base64',
    exitCode: 2,
  })
}

/** A port that is taken or does not exist is a matter of usage; everything else stays what it is. */
function portError(port: number, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? ''
  if (!['EADDRINUSE', 'EACCES', 'ERR_SOCKET_BAD_PORT'].includes(code) || cause instanceof PonteError) return cause
  return new PonteError('simulator.port', `the simulator cannot listen on port ${port} of this machine (${code})`, {
    hint: 'name another one with --port; 0 takes any that is free',
    cause,
    exitCode: 2,
  })
}
