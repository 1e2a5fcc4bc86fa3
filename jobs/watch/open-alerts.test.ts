/** What people are shown of the book of alerts. */
import { describe, expect, test } from 'vitest'
import { alertCodes } from './alert-catalogue.ts'
import { byCode } from './open-alerts.ts'
import { runbookSection } from './runbook.ts'

describe('open alerts', () => {
  const since = new Date('2026-11-27T03:00:00Z')
  const row = (code: string, subject: string, notifications = 0) => ({
    code,
    subject,
    summary: `${subject} is broken`,
    since,
    notifications,
  })

  test('stand together by what is wrong, critical ones first', () => {
    const found = byCode([row('job_failed', 'job_a', 2), row('disk_low', 'vm1/queue'), row('job_failed', 'job_b')])
    expect(found.map(({ code, severity, open }) => [code, severity, open.map(({ subject, told }) => [subject, told])])).toEqual([
      ['disk_low', 'critical', [['vm1/queue', false]]],
      [
        'job_failed',
        'warning',
        [
          ['job_a', true],
          ['job_b', false],
        ],
      ],
    ])
  })

  test('of a newer version are shown all the same', () => {
    expect(byCode([row('moon_full', 'sky')])).toMatchObject([
      { code: 'moon_full', meaning: expect.stringMatching(/another version/), runbook: [] },
    ])
  })

  test.each(alertCodes)('%s has its section of the runbook, each part one line of plain words', (code) => {
    const parts = runbookSection(code)
    expect(parts.map(({ title }) => title)).toEqual(['You see', 'It means', 'Do', 'It is over when'])
    for (const { text } of parts) expect(text).toMatch(/^\S[^\n]+\S$/)
  })
})
