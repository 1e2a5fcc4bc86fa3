/** `ponte token`: tokens of the HTTP API that need no restart. A token is shown once; only its hash is kept. */
import { createHash, randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { zonedTime } from '../../base/zone.ts'
import { audited } from '../../connectors/state/people/audit.ts'
import { addToken, listTokens, revokeToken, type TokenScope } from '../../connectors/state/people/tokens.ts'
import { openState } from '../../connectors/state/pool.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { cliActor } from '../operator.ts'
import { table } from '../output.ts'

const scopes: readonly TokenScope[] = ['webhook', 'read', 'operate']

export function tokenCommand(program: Command): void {
  const token = program.command('token').description('tokens of the HTTP API: add, ls, revoke')

  token
    .command('add')
    .argument('<name>', 'who will use it; goes into the log')
    .requiredOption('--scope <scope>', 'webhook (deliver events), read (look) or operate (all)')
    .description('make a token and show it once')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExamples:\n  ponte token add crm --scope webhook\n  ponte token add grafana --scope read --json')
    .action((name: string, options: { json?: boolean; scope: string }) => execute(options, (command) => add(command, name, options.scope)))

  token
    .command('ls')
    .description('names and scopes; the tokens themselves are nowhere')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) => execute(options, list))

  token
    .command('revoke')
    .argument('<name>', 'as ponte token ls shows it')
    .description('end a token; it is refused within seconds')
    .option('--json', 'one JSON document on standard output')
    .action((name: string, options: { json?: boolean }) => execute(options, (command) => revoke(command, name)))
}

async function add(command: CommandContext, name: string, scope: string): Promise<number> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/.test(name)) throw wrong('a name has letters, digits, dots, - and _, at most 60')
  if (!scopes.includes(scope as TokenScope)) throw wrong(`the scope must be one of ${scopes.join(', ')}`)
  const secret = `ponte_${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(secret).digest('hex')
  const pool = await state(command)
  await audited(pool)({ actor: cliActor(), action: 'tokens.add', target: name, after: { scope } }, async () => {
    if (!(await addToken(pool, name, scope as TokenScope, hash)))
      throw wrong('there is a token of this name already', 'choose another name; a name is used once, so that the log stays clear')
  })
  command.output.result({ ok: true, name, scope, token: secret })
  command.output.say(secret)
  command.output.note(`Token ${name}, scope ${scope}. It is not shown again. Send it as: Authorization: Bearer <token>`)
  return 0
}

async function list(command: CommandContext): Promise<number> {
  const tokens = await listTokens(await state(command))
  command.output.result({ ok: true, tokens })
  const day = (date: Date | null) => (date === null ? '' : zonedTime(date, command.settings.schedule.zone))
  command.output.say(
    tokens.length === 0
      ? 'No tokens. Make one: ponte token add <name> --scope webhook'
      : table(
          ['name', 'scope', 'made', 'revoked'],
          tokens.map((one) => [one.name, one.scope, day(one.createdAt), day(one.revokedAt)]),
        ),
  )
  return 0
}

async function revoke(command: CommandContext, name: string): Promise<number> {
  const pool = await state(command)
  await audited(pool)({ actor: cliActor(), action: 'tokens.revoke', target: name }, async () => {
    if (!(await revokeToken(pool, name))) throw wrong('there is no good token of this name', 'ponte token ls lists them')
  })
  command.output.result({ ok: true, name })
  command.output.say(`${name} is revoked; running servers refuse it within five seconds.`)
  return 0
}

async function state({ settings, closer }: CommandContext): Promise<pg.Pool> {
  const { stateUrl } = await openDatabases(settings, closer)
  const pool = await openState(stateUrl)
  closer.add(() => pool.end())
  return pool
}

const wrong = (message: string, hint = 'ponte token --help tells how it is used') =>
  new PonteError('usage.token', message, { hint, exitCode: 2 })
