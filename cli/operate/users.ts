/** `ponte users`: people who may log in to the pages. Nobody may at first; a password that Ponte makes is shown once. */
import type { Command } from 'commander'
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { zonedTime } from '../../base/zone.ts'
import { audited } from '../../connectors/state/people/audit.ts'
import { addUser, listUsers, type Role, setDisabled, setPassword } from '../../connectors/state/people/users.ts'
import { openState } from '../../connectors/state/pool.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { cliActor } from '../operator.ts'
import { table } from '../output.ts'

const roles: readonly Role[] = ['viewer', 'operator']
const json: [string, string] = ['--json', 'one JSON document on standard output']
const stdin: [string, string] = ['--password-stdin', 'read the password from standard input instead of making one']
type Options = { json?: boolean; passwordStdin?: boolean }

export function usersCommand(program: Command): void {
  const users = program
    .command('users')
    .description('people who may log in to the pages: add, ls, password, disable, enable')
    .addHelpText('after', '\nExamples:\n  ponte users add ana --role operator\n  ponte users ls')

  users
    .command('add')
    .argument('<name>', 'lower case; goes into the audit log')
    .requiredOption('--role <role>', 'viewer (may look) or operator (may look and act)')
    .option(...stdin)
    .option(...json)
    .description('make a user; its password is shown once and changed at the first login')
    .addHelpText(
      'after',
      '\nExamples:\n  ponte users add ana --role operator\n  ponte users add wall --role viewer --password-stdin < file',
    )
    .action((name: string, options: Options & { role: string }) =>
      execute(options, (command) => add(command, name, options.role, options.passwordStdin ?? false)),
    )
  users
    .command('ls')
    .description('names, roles, last logins')
    .option(...json)
    .addHelpText('after', '\nExample:\n  ponte users ls')
    .action((options: Options) => execute(options, list))
  users
    .command('password')
    .argument('<name>', 'as ponte users ls shows it')
    .option(...stdin)
    .option(...json)
    .description('give a new password; all sessions of the user end')
    .addHelpText('after', '\nExample:\n  ponte users password ana')
    .action((name: string, options: Options) => execute(options, (command) => password(command, name, options.passwordStdin ?? false)))
  for (const [verb, disabled, description] of [
    ['disable', true, 'let a user log in no more; all sessions end at once'],
    ['enable', false, 'let a disabled user log in again'],
  ] as const)
    users
      .command(verb)
      .argument('<name>', 'as ponte users ls shows it')
      .description(description)
      .option(...json)
      .addHelpText('after', `\nExample:\n  ponte users ${verb} ana`)
      .action((name: string, options: Options) => execute(options, (command) => able(command, name, disabled)))
}

async function add(command: CommandContext, name: string, role: string, fromStdin: boolean): Promise<number> {
  if (!/^[a-z0-9][a-z0-9._-]{0,59}$/.test(name)) throw wrong('a name has small letters, digits, dots, - and _, at most 60')
  if (!roles.includes(role as Role)) throw wrong(`the role must be ${roles.join(' or ')}`)
  const { secret, hash, mustChange } = await newPassword(name, fromStdin)
  const state = await openPool(command)
  const user = { name, role: role as Role, password: hash, mustChange }
  await audited(state)({ actor: cliActor(), action: 'users.add', target: name, after: { role } }, async () => {
    if (!(await addUser(state, user))) throw wrong('there is a user of this name already', 'choose another name; a name is used once')
  })
  show(command, name, secret, { role })
  return 0
}

async function password(command: CommandContext, name: string, fromStdin: boolean): Promise<number> {
  const { secret, hash, mustChange } = await newPassword(name, fromStdin)
  const state = await openPool(command)
  await audited(state)({ actor: cliActor(), action: 'users.password', target: name }, async () => {
    if (!(await setPassword(state, name, { hash, mustChange }, null))) throw unknown()
  })
  show(command, name, secret, {})
  return 0
}

async function able(command: CommandContext, name: string, disabled: boolean): Promise<number> {
  const state = await openPool(command)
  const action = disabled ? 'users.disable' : 'users.enable'
  await audited(state)({ actor: cliActor(), action, target: name }, async () => {
    if (!(await setDisabled(state, name, disabled))) throw unknown(`there is no ${disabled ? 'enabled' : 'disabled'} user of this name`)
  })
  command.output.result({ ok: true, name })
  command.output.say(disabled ? `${name} is disabled; its sessions have ended.` : `${name} may log in again.`)
  return 0
}

async function list(command: CommandContext): Promise<number> {
  const users = await listUsers(await openPool(command))
  command.output.result({ ok: true, users })
  const time = (date: Date | null) => (date === null ? '' : zonedTime(date, command.settings.schedule.zone))
  command.output.say(
    users.length === 0
      ? 'Nobody may log in. Make a user: ponte users add <name> --role operator'
      : table(
          ['name', 'role', 'made', 'last login', 'disabled'],
          users.map((one) => [one.name, one.role, time(one.createdAt), time(one.lastLoginAt), time(one.disabledAt)]),
        ),
  )
  return 0
}

/** @returns the password to show, or null when the person brought it along */
async function newPassword(name: string, fromStdin: boolean): Promise<{ secret: string | null; hash: string; mustChange: boolean }> {
  const { hashPassword, madePassword, passwordProblem } = await import('../../api/http/password.ts')
  if (!fromStdin) {
    const secret = madePassword()
    return { secret, hash: await hashPassword(secret), mustChange: true }
  }
  let given = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) given += chunk
  const secret = given.replace(/\r?\n$/, '')
  const problem = passwordProblem(name, secret)
  if (problem !== null) throw wrong(problem)
  return { secret: null, hash: await hashPassword(secret), mustChange: false }
}

function show({ output }: CommandContext, name: string, secret: string | null, more: object): void {
  output.result({ ok: true, name, ...more, ...(secret === null ? {} : { password: secret }) })
  output.say(secret ?? `${name} may log in with the password given.`)
  if (secret !== null) output.note(`The password of ${name}. It is not shown again, and is changed at the first login.`)
}

async function openPool({ settings, closer }: CommandContext): Promise<pg.Pool> {
  const { stateUrl } = await openDatabases(settings, closer)
  const pool = await openState(stateUrl)
  closer.add(() => pool.end())
  return pool
}

const unknown = (message = 'there is no user of this name') => wrong(message, 'ponte users ls lists them')
const wrong = (message: string, hint = 'ponte users --help tells how it is used') =>
  new PonteError('usage.users', message, { hint, exitCode: 2 })
