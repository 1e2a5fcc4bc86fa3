import { expect, test } from 'vitest'
import { lateness, type Ticking } from './lateness.ts'

const at = (time: string) => new Date(`2026-03-01T${time}Z`)
const every = (minutes: number, job: string) => ({ job, cron: `*/${minutes} * * * *`, zone: 'Etc/UTC', since: at('08:00:00') })
const ticking = (more: Partial<Ticking>): Ticking => ({
  now: at('10:03:20'),
  schedules: [every(1, 'often'), every(10, 'seldom')],
  paused: [],
  lastStart: at('10:03:01'),
  running: [],
  ...more,
})

test.each([
  ['ticks are answered', {}, 0],
  ['the first unanswered tick counts, and the time grows', { lastStart: at('09:57:01') }, 5 * 60 + 20],
  ['nothing ever ran: since the schedules stand', { lastStart: null, now: at('08:02:00') }, 60],
  ['all paused: nothing is to tick', { paused: ['*'], lastStart: null }, null],
  ['no schedules stand', { schedules: [], lastStart: null }, null],
  ['of a paused job no tick is due', { paused: ['often'], lastStart: at('10:00:05') }, 0],
  ['a job that has run for long answers its ticks later', { running: ['often'], lastStart: at('09:50:30') }, 200],
  ['everything runs', { running: ['often', 'seldom'], lastStart: at('09:00:00') }, null],
  ['a clock that was set back is no lateness', { now: at('09:00:00') }, 0],
] as const)('%s', (_, more, seconds) => {
  expect(lateness(ticking(more as Partial<Ticking>))).toBe(seconds)
})
