/** CoreIntegrator's settings: its own names and defaults; complaints name the variable and never the value. */
import { describe, expect, test } from 'vitest'
import { PonteError } from '../../base/error.ts'
import { needAddresses, readCoreIntegratorSettings } from './coreintegrator.ts'

function problems(read: () => unknown): string[] {
  try {
    read()
  } catch (error) {
    expect(error).toBeInstanceOf(PonteError)
    expect(error).toMatchObject({ code: 'config.invalid', exitCode: 2 })
    return (error as PonteError).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
  throw new Error('accepted')
}

describe('the settings of CoreIntegrator', () => {
  test('have the defaults of the specification', () => {
    expect(readCoreIntegratorSettings({ DB_HOST: 'mysql', DB_PASSWORD: '' })).toMatchObject({
      database: { host: 'mysql', port: 3306, user: 'integration', password: '', name: 'erp_db' },
      host: '127.0.0.1',
      port: 3000,
      crmUrl: null,
      batchSize: 2,
      attempts: 3,
      retryBaseMs: 500,
      cron: '* * * * *',
      failureRate: 0.2,
    })
  })

  test.each([
    ['DB_PORT', '70000'],
    ['DB_NAME', 'erp_db`; drop'],
    ['DB_HOST', 'host/path'],
    ['PORT', 'http'],
    ['CRM_URL', 'ftp://crm'],
    ['CRM_URL', 'http://user:hunter2@crm'],
    ['BATCH_SIZE', '77'],
    ['FAILURE_RATE', '1.5'],
    ['SYNC_CRON', 'often'],
    ['SYNC_CRON', '61 * * * *'],
    ['MAX_CYCLES', '-1'],
  ])('refuse %s=%s by name', (name, value) => {
    const [problem, ...more] = problems(() => readCoreIntegratorSettings({ [name]: value }))
    expect(problem).toMatch(new RegExp(`^${name} must be`))
    expect(problem).not.toContain(value)
    expect(more).toEqual([])
  })

  test('name what a service cannot do without', () => {
    expect(problems(() => needAddresses(readCoreIntegratorSettings({})))).toEqual([
      expect.stringMatching(/^DB_HOST is missing/),
      expect.stringMatching(/^CRM_URL is missing/),
    ])
  })
})
