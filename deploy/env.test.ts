/** Settings: each rule, and what every complaint must do: name its variable, say what to do, and never repeat a value. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PonteError } from '../base/error.ts'
import { maskText } from '../base/log/mask.ts'
import { needCrm, readSettings } from './env.ts'

type Env = Record<string, string | undefined>

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ponte-env-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function secretFile(content: string | Buffer, mode = 0o600): string {
  const file = join(folder, `secret-${++files}`)
  writeFileSync(file, content)
  chmodSync(file, mode)
  return file
}

function refusal(env: Env): PonteError {
  try {
    readSettings(env)
  } catch (error) {
    expect(error).toBeInstanceOf(PonteError)
    const refused = error as PonteError
    expect(refused).toMatchObject({ code: 'config.invalid', exitCode: 2 })
    expect(refused.hint).not.toBe('')
    return refused
  }
  throw new Error(`accepted: ${Object.keys(env)}`)
}

/** One line per variable, without the heading. */
const problems = (env: Env) => refusal(env).message.split('\n').slice(1)

const server = { DB_USER: 'ponte', DB_PASSWD: 'p', DB_HOST: 'erp.example', DB_SERVICE_NAME: 'erp' }

describe('with nothing set', () => {
  test('everything is embedded, the CRM is absent, and the documented defaults hold', () => {
    expect(readSettings({})).toEqual({
      erpUrl: null,
      stateUrl: null,
      crm: null,
      crmLimits: { limit: 30, windowMs: 20_000, concurrency: 8, timeoutMs: 30_000, settleMs: 5_000, backoffMs: 1_000 },
      queueRoot: resolve('data/queue'),
      stateDir: resolve('data/state'),
      countryName: 'Brasil',
      leadsPerRun: 0,
      keepDays: 30,
      guards: { changedLimitPercent: 30, discardLimitPercent: 20, fullSyncMinPercent: 50 },
      engine: { memory: '4GB', threads: undefined, readers: undefined },
      logFile: resolve('data/state/ponte.log'),
      logLevel: 'info',
      productId: 10_001,
      salesEmailFallback: null,
      shadow: false,
      backup: { dir: resolve('data/backups'), keep: 7, identity: null, recipients: [] },
      watch: {
        metricsAddresses: [],
        metricsListen: null,
        traces: null,
        alerts: {
          url: null,
          secret: null,
          repeatMinutes: 240,
          zone: 'America/Sao_Paulo',
          runbook: 'deploy/RUNBOOK.md',
          limits: { lagMinutes: 60, deadPerHour: 10, conflictsPerHour: 50, diskFreePercent: 10 },
        },
        heartbeatUrl: null,
        log: { maxBytes: 50 * 1024 * 1024, keepDays: 30, keepFiles: 20 },
      },
      schedule: { redisUrl: null, zone: 'America/Sao_Paulo', crons: {}, retryMs: 10_000 },
      api: {
        host: '127.0.0.1',
        port: 5_000,
        uiPort: null,
        session: { idleMs: 3_600_000, maxMs: 43_200_000 },
        tokens: [],
        webhookSecrets: [],
        webhookPathSecrets: [],
        webhookAddresses: [],
        trustedProxies: [],
        requestsPerMinute: 6_000,
        legacyDuplicateCodes: false,
        qualification: [1, 2, 3].map((n) => ({ questionId: 100_000 + n, answerId: 200_000 + n })),
        qualificationPauseMs: 10_000,
      },
    })
  })

  test('an empty variable is an unset one', () => {
    const names = readFileSync(new URL('.env.example', import.meta.url), 'utf8').matchAll(/^# ([A-Z][A-Z_]+)=/gm)
    const empty = Object.fromEntries([...names].flatMap(([, name]) => [[name!, ''] as const, [`${name}_FILE`, ''] as const]))
    expect(Object.keys(empty).length).toBeGreaterThan(30)
    expect(readSettings(empty)).toEqual(readSettings({}))
  })

  test('times are UTC, whatever the machine says', () => {
    expect(process.env.TZ).toBe('UTC')
  })

  test('the example file names every default as it is', () => {
    const text = readFileSync(new URL('.env.example', import.meta.url), 'utf8')
    const given = [...text.matchAll(/^# ([A-Z_]+)=(\S+)/gm)].map(([, name, value]) => [name!, value!] as const)
    const erp = ['ERP_DIALECT', 'DB_PORT', 'API_URL']
    // Cron expressions hold blanks, and whose they are is known to jobs/run/schedule.ts only, whose test looks at them.
    const cron = /^SCHEDULE_(?!ZONE$)/
    expect(readSettings(Object.fromEntries(given.filter(([name]) => !erp.includes(name) && !cron.test(name))))).toEqual(readSettings({}))
  })
})

describe('the ERP', () => {
  test('comes from DATABASE_URL, or from the five DB_ variables', () => {
    expect(readSettings({ DATABASE_URL: 'postgresql://u@h/d' }).erpUrl).toBe('postgresql://u@h/d')
    expect(readSettings(server).erpUrl).toBe('postgres://ponte:p@erp.example:5432/erp')
    expect(readSettings({ ...server, DB_PORT: '6543', ERP_DIALECT: 'postgres' }).erpUrl).toBe('postgres://ponte:p@erp.example:6543/erp')
  })

  test('survives users, passwords and database names with every special character', () => {
    const hostile = { DB_USER: 'a@b:c', DB_PASSWD: 'p@ss:w/ord?#%41 ç', DB_SERVICE_NAME: 'e/r p' }
    const url = new URL(readSettings({ ...server, ...hostile }).erpUrl!)
    expect([url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)).toEqual(Object.values(hostile))
    expect(url.hostname).toBe('erp.example')
  })

  test('may have an IPv6 address', () => {
    expect(new URL(readSettings({ ...server, DB_HOST: '::1' }).erpUrl!).hostname).toBe('[::1]')
  })

  test.each(Object.keys(server))('needs %s when others are set', (name) => {
    const [problem, ...more] = problems({ ...server, [name]: undefined })
    expect(problem).toMatch(new RegExp(`^  ${name} is missing, but DB_`))
    expect(more).toEqual([])
  })

  test('names all four when only the dialect is set', () => {
    expect(problems({ ERP_DIALECT: 'postgres' })).toEqual(Object.keys(server).map((name) => `  ${name} is missing, but ERP_DIALECT is set`))
  })

  test('on MySQL comes from MYSQL_URL, or from the DB_ variables with the dialect, on its own port', () => {
    expect(readSettings({ MYSQL_URL: 'mysql://u@h/d' }).erpUrl).toBe('mysql://u@h/d')
    expect(readSettings({ MYSQL_URL: 'mariadb://u@h/d', ERP_DIALECT: 'mysql' }).erpUrl).toBe('mariadb://u@h/d')
    expect(readSettings({ ...server, ERP_DIALECT: 'mysql' }).erpUrl).toBe('mysql://ponte:p@erp.example:3306/erp')
    expect(new URL(readSettings({ ...server, ERP_DIALECT: 'mysql', DB_PASSWD: 'p@ss:w/ord?#' }).erpUrl!).password).toBe(
      'p%40ss%3Aw%2Ford%3F%23',
    )
  })

  test('whose URLs are of two dialects is the one that ERP_DIALECT names, and refused without it', () => {
    const both = { MYSQL_URL: 'mysql://u@h/d', DATABASE_URL: 'postgres://u@h/d' }
    expect(readSettings({ ...both, ERP_DIALECT: 'mysql' }).erpUrl).toBe('mysql://u@h/d')
    expect(readSettings({ ...both, ERP_DIALECT: 'postgres' }).erpUrl).toBe('postgres://u@h/d')
    expect(problems(both)).toEqual([expect.stringContaining('ERP_DIALECT is missing')])
    expect(problems({ MYSQL_URL: 'postgres://u@h/d' })).toEqual([expect.stringContaining('MYSQL_URL must be a URL such as mysql://')])
  })

  test('on Oracle comes from ORACLE_URL, or from the DB_ variables with the dialect, on its own port', () => {
    expect(readSettings({ ORACLE_URL: 'oracle://u@h/svc' }).erpUrl).toBe('oracle://u@h/svc')
    expect(readSettings({ ...server, ERP_DIALECT: 'oracle' }).erpUrl).toBe('oracle://ponte:p@erp.example:1521/erp')
    for (const ORACLE_URL of [
      'oracle://u:p@a:1521,b:1522/svc:pooled?sdu=8192',
      'oracle://u:p@erp_prod',
      'oracle://u:p@(DESCRIPTION=(ADDRESS=(HOST=a)))',
    ])
      expect(readSettings({ ORACLE_URL }).erpUrl).toBe(ORACLE_URL)
    expect(problems({ ORACLE_URL: 'oracle://u@h/s' })).toEqual([expect.stringContaining('ORACLE_URL must look like oracle://')])
    expect(problems({ ORACLE_URL: 'oracle://u@h/svc', MYSQL_URL: 'mysql://u@h/d' })).toEqual([
      expect.stringContaining('ERP_DIALECT is missing, but MYSQL_URL and ORACLE_URL are set'),
    ])
  })

  test('on Oracle may ask for TLS, a wallet and the client library beside its URL', () => {
    const oracle = { ...server, ERP_DIALECT: 'oracle', ORACLE_PROTOCOL: 'tcps', ORACLE_WALLET_DIR: '/w', ORACLE_WALLET_PASSWORD: 'p&=ç' }
    const url = new URL(readSettings({ ...oracle, ORACLE_CLIENT_DIR: '/opt/instantclient' }).erpUrl!)
    expect(url.port).toBe('2484')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      protocol: 'tcps',
      wallet: '/w',
      wallet_password: 'p&=ç',
      client: '/opt/instantclient',
    })
    expect(readSettings({ ORACLE_URL: 'oracle://u@h/svc', ORACLE_SCHEMA: 'PONTE_OWNER' }).erpUrl).toBe(
      'oracle://u@h/svc?schema=PONTE_OWNER',
    )
    const system = readSettings({ ORACLE_URL: 'oracle://u@h/svc', ORACLE_CLIENT_DIR: 'system' }).erpUrl!
    expect(new URL(system).searchParams.get('client')).toBe('')
    expect(problems({ ...oracle, ORACLE_PROTOCOL: 'http' })).toEqual([expect.stringContaining('ORACLE_PROTOCOL must be one of tcp, tcps')])
  })
})

describe('the CRM', () => {
  test('has an address that ends in a slash, whichever way it was written', () => {
    for (const API_URL of ['https://api.example/v3', 'https://api.example/v3/'])
      expect(readSettings({ API_URL, API_TOKEN: 't' }).crm).toEqual({ url: 'https://api.example/v3/', token: 't' })
  })

  test('needs address and token together', () => {
    expect(problems({ API_URL: 'https://api.example/v3/' })).toEqual(['  API_TOKEN is missing, but API_URL is set'])
    expect(problems({ API_TOKEN: 't' })).toEqual(['  API_URL is missing, but API_TOKEN is set'])
  })

  test('is asked for by commands that cannot work without it', () => {
    expect(() => needCrm(readSettings({}))).toThrow(/API_URL is missing.*\n.*API_TOKEN is missing/)
    const crm = { url: 'https://api.example/v3/', token: 't' }
    expect(needCrm(readSettings({ API_URL: crm.url, API_TOKEN: crm.token }))).toEqual(crm)
  })
})

describe('a secret from a file', () => {
  test.each(['DB_PASSWD', 'DATABASE_URL', 'STATE_DATABASE_URL', 'API_TOKEN'])('%s_FILE stands for %s', (name) => {
    const others: Env = { ...server, DB_PASSWD: undefined, API_URL: 'http://crm.example/', API_TOKEN: 'other' }
    if (name !== 'DB_PASSWD') others.DB_PASSWD = 'p'
    const value = name.endsWith('URL') ? 'postgres://user@host/x' : 'secret'
    const fromFile = readSettings({ ...others, [name]: undefined, [`${name}_FILE`]: secretFile(`${value}\n`) })
    expect(fromFile).toEqual(readSettings({ ...others, [name]: value }))
  })

  test('loses the newline that editors add, and no other blank', () => {
    const password = (content: string) => {
      const { erpUrl } = readSettings({ ...server, DB_PASSWD: undefined, DB_PASSWD_FILE: secretFile(content) })
      return decodeURIComponent(new URL(erpUrl!).password)
    }
    expect(password(' blank at both ends \n')).toBe(' blank at both ends ')
    expect(password('windows\r\n')).toBe('windows')
    expect(password('none')).toBe('none')
  })

  test.each([0o604, 0o640 | 0o001, 0o666, 0o602])('with mode %o is refused: others on the machine reach it', (mode) => {
    expect(problems({ ...server, DB_PASSWD: undefined, DB_PASSWD_FILE: secretFile('s3cret', mode) })).toEqual([
      expect.stringMatching(/^ {2}DB_PASSWD_FILE .*chmod 600/),
    ])
  })

  test('may be readable by its group, as service managers mount it', () => {
    expect(readSettings({ API_URL: 'http://crm.example/', API_TOKEN_FILE: secretFile('t', 0o440) }).crm?.token).toBe('t')
  })

  test('set twice, missing, empty or a folder is refused', () => {
    expect(problems({ API_URL: 'http://x/', API_TOKEN: 't', API_TOKEN_FILE: secretFile('u') })).toEqual([
      '  API_TOKEN_FILE is set together with API_TOKEN; keep one of the two',
    ])
    expect(problems({ API_URL: 'http://x/', API_TOKEN_FILE: join(folder, 'absent') })).toEqual([
      '  API_TOKEN_FILE names a file that cannot be read (ENOENT)',
    ])
    expect(problems({ API_URL: 'http://x/', API_TOKEN_FILE: secretFile('\n') })).toEqual(['  API_TOKEN_FILE names an empty file'])
    chmodSync(folder, 0o700)
    expect(problems({ API_URL: 'http://x/', API_TOKEN_FILE: folder })).toEqual([
      '  API_TOKEN_FILE names a file that cannot be read (EISDIR)',
    ])
  })
})

describe('a wrong value', () => {
  const secret = 'hunter2'
  const wrong: [string, string][] = [
    ...['0', '65536', '-1', '5432.5', '0x10', '1e3', ' 5432', 'NaN', secret].map((value): [string, string] => ['DB_PORT', value]),
    ['DB_HOST', `http://${secret}`],
    ['DB_HOST', `${secret}:5432`],
    ['DATABASE_URL', `mysql://u:${secret}@h/d`],
    ['DATABASE_URL', `postgres://u:${secret}%%%@[h/d`],
    ['STATE_DATABASE_URL', `${secret}`],
    ['API_URL', `ftp://${secret}/`],
    ['API_URL', `https://u:${secret}@crm.example/`],
    ['API_URL', `https://crm.example/?key=${secret}`],
    ['API_TOKEN', `${secret} two`],
    ['API_TOKEN', `${secret}\nX-Injected: 1`],
    ['ERP_DIALECT', secret],
    ['LOG_LEVEL', secret],
    ['ENGINE_MEMORY', `${secret}GB`],
    ['ENGINE_MEMORY', '4'],
    ['ENGINE_MEMORY', "4GB'; drop"],
    ['ENGINE_THREADS', '0'],
    ['ENGINE_THREADS', '257'],
    ['ENGINE_READERS', '65'],
    ['CRM_CONCURRENCY', '0'],
    ['CRM_CONCURRENCY', '65'],
    ['CRM_RATE_LIMIT', '-1'],
    ['CRM_RATE_WINDOW_MS', '0'],
    ['CRM_TIMEOUT_MS', '0'],
    ['CRM_SETTLE_MS', '-5'],
    ['CRM_BACKOFF_MS', '0'],
    ['LEADS_PER_RUN', 'ten'],
    ['KEEP_DAYS', '0'],
    ['LEADS_PER_RUN', '99999999999999999999'],
  ]

  test.each(wrong)('%s=%j is refused once, by name, and not repeated', (name, value) => {
    const crm = { API_URL: 'http://crm.example/', API_TOKEN: 't' }
    const [problem, ...more] = problems({ ...crm, [name]: value })
    expect(problem).toMatch(new RegExp(`^  ${name} (must be|holds) `))
    expect(more).toEqual([])
    expect(problem).not.toContain(secret)
  })

  test('the bounds themselves are accepted', () => {
    const settings = readSettings({ ...server, DB_PORT: '65535', CRM_RATE_LIMIT: '0', CRM_CONCURRENCY: '64', ENGINE_READERS: '1' })
    expect(settings).toMatchObject({ crmLimits: { limit: 0, concurrency: 64 }, engine: { readers: 1 } })
    for (const memory of ['512MB', '1.5 GB', '60%', '4gb']) expect(readSettings({ ENGINE_MEMORY: memory }).engine.memory).toBe(memory)
  })

  test('a complaint survives the masking of secrets in logs and reports', () => {
    const { message } = refusal({ API_TOKEN: 'a b', DB_PASSWD_FILE: join(folder, 'absent'), DB_PORT: 'x' })
    expect(maskText(message)).toBe(message)
    const missing = refusal({ ...server, DB_PASSWD: undefined }).message
    expect(maskText(missing)).toBe(missing)
  })

  test('all wrong variables are named in one go', () => {
    const named = problems({ DB_PORT: 'x', LOG_LEVEL: 'loud', API_TOKEN_FILE: join(folder, 'absent') }).map(
      (line) => line.trim().split(' ')[0],
    )
    expect(named.sort()).toEqual(['API_TOKEN_FILE', 'DB_PORT', 'LOG_LEVEL'])
  })
})

test('the log goes to standard error with "-", to a file otherwise', () => {
  expect(readSettings({ LOG_FILE: '-' }).logFile).toBeNull()
  expect(readSettings({ LOG_FILE: 'x.log' }).logFile).toBe(resolve('x.log'))
  expect(readSettings({ STATE_DIR: '/var/lib/p' }).logFile).toBe('/var/lib/p/ponte.log')
})
