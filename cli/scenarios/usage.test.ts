/** How the command speaks before anything is connected: help, version, wrong usage, wrong configuration. Real processes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jobs } from '../../jobs/catalogue.ts'
import { withDocument } from '../testing/house.ts'
import { compilePonte, type Environment, type Ponte } from '../testing/ponte.ts'

let ponte: Ponte
let folder: string
/** Nothing here connects to anything: databases that would refuse, folders that are ours. */
let env: Environment
beforeAll(() => {
  ponte = compilePonte()
  folder = mkdtempSync(join(tmpdir(), 'ponte-usage-'))
  const nowhere = 'postgres://nobody@127.0.0.1:1/none'
  env = { QUEUE_ROOT: join(folder, 'queue'), STATE_DIR: folder, DATABASE_URL: nowhere, STATE_DATABASE_URL: nowhere }
})
afterAll(() => {
  ponte.remove()
  rmSync(folder, { recursive: true })
})

describe('help', () => {
  test.each([
    '',
    'demo',
    'doctor',
    'plan',
    'run',
    'runs',
    'pause',
    'resume',
    'up',
    'worker',
    'api',
    'falhas',
    'falhas ls',
    'falhas show',
    'falhas requeue',
    'users',
    'users add',
    'users ls',
    'users password',
    'users disable',
    'users enable',
    'migrate',
    'backup',
    'backup ls',
    'backup key',
    'restore',
    'erase',
    'demo-data',
    'simulator',
    'simulator crm',
    'coreintegrator',
    'coreintegrator demo',
    'coreintegrator serve',
    'coreintegrator crm',
  ])('ponte %s --help has examples, on standard output, within 130 columns', async (command) => {
    const { code, stdout, stderr } = await ponte([...command.split(' ').filter((word) => word !== ''), '--help'], env)
    expect(stdout).toMatch(/Examples?:\n {2}([A-Z_]+=\S+ )*ponte /)
    expect(stdout.split('\n').filter((line) => line.length > 130)).toEqual([])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('ponte run --help names every job by both names', async () => {
    const { stdout } = await ponte(['run', '--help'], env)
    for (const name of jobs.flatMap((job) => [job.name, ...job.aliases])) expect(stdout).toContain(name)
  })

  test('ponte --version says it and nothing else', async () => {
    expect(await ponte(['--version'], env)).toEqual({ code: 0, stdout: '0.2.0\n', stderr: '' })
  })
})

describe('wrong usage ends with 2', () => {
  const wrong: [command: string, says: string][] = [
    ['run job_of_nobody', 'There is no job called "job_of_nobody"'],
    ['run', "missing required argument 'job'"],
    ['fly', "unknown command 'fly'"],
    ['plan --fast', "unknown option '--fast'"],
    ['plan leads.delete', 'There is no entity called "leads.delete"'],
    ['plan --limit many', '--limit must be a whole number'],
    ['demo --erp sqlite', "'sqlite' is invalid"],
    ['demo-data --branches -5', '--branches must be a whole number'],
    ['simulator crm --port 70000', 'cannot listen on port 70000'],
    ['simulator crm --webhook-token abc', '--webhooks is missing'],
    ['simulator crm --webhooks nowhere', '--webhooks is missing or not of the right form'],
    ['simulator crm --webhooks http://127.0.0.1:1 --webhook-secret short', '--webhook-secret is missing or not'],
    ['coreintegrator crm --port 70000', 'cannot listen on 127.0.0.1 port 70000 (ERR_SOCKET_BAD_PORT)'],
    ['falhas requeue', 'No letter named'],
    ['falhas requeue --all some.json', 'exclude each other'],
    ['run job_execute_spark --accept-guard', 'argument missing'],
  ]
  test.each(wrong.slice(0, 3))('ponte %s says it on standard error', async (command, says) => {
    const { code, stdout, stderr } = await ponte(command.split(' '), env)
    expect(stderr).toContain(says)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test.each(wrong)('ponte %s --json says it in one document', async (command, says) => {
    const words = command.split(' ')
    const json = command.endsWith('--accept-guard') ? [words[0]!, '--json', ...words.slice(1)] : [...words, '--json']
    const { code, document, stderr } = withDocument(await ponte(json, env))
    expect(document).toMatchObject({ ok: false, error: { message: expect.stringContaining(says), hint: expect.stringMatching(/./) } })
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
  })

  test('an unknown job is answered with the names of the jobs', async () => {
    const { stderr } = await ponte(['run', 'job_of_nobody'], env)
    for (const job of jobs) expect(stderr).toContain(job.name)
  })

  test('no command at all shows the help, on standard error', async () => {
    const { code, stdout, stderr } = await ponte([], env)
    expect(stderr).toContain('Commands:')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('wrong configuration ends with 2', () => {
  const secret = 'hunter2'
  test.each([
    'demo',
    'doctor',
    'plan',
    'run job_execute_spark',
    'falhas ls',
    'falhas show x',
    'falhas requeue x',
    'migrate',
    'demo-data',
    'simulator crm',
  ])('ponte %s names the variables and prints no value', async (command) => {
    const { code, document, stderr } = withDocument(
      await ponte([...command.split(' '), '--json'], { ...env, LOG_LEVEL: secret, DATABASE_URL: `mysql://u:${secret}@h/d` }),
    )
    expect(document.error).toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(/DATABASE_URL must be.*\n.*LOG_LEVEL must be/),
    })
    expect(JSON.stringify(document)).not.toContain(secret)
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
  })

  test('a person reads them one to a line', async () => {
    const { code, stderr } = await ponte(['doctor'], { ...env, DB_PORT: 'x', API_TOKEN: 'a b' })
    expect(stderr).toMatch(/The configuration is wrong:\n {2}DB_PORT must be .*\n {2}API_TOKEN holds .*\n {2}→ /)
    expect(code).toBe(2)
  })

  test('a log that cannot be written is named before a job begins', async () => {
    const { code, stderr } = await ponte(['run', 'job_execute_spark'], { ...env, LOG_FILE: '/dev/null/ponte.log' })
    expect(stderr).toMatch(/The log \/dev\/null\/ponte.log cannot be written/)
    expect(code).toBe(2)
  })
})

test('a reader that leaves early is no failure', async () => {
  const running = ponte.start(['run', '--help'], env)
  running.child.stdout!.destroy()
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
})
