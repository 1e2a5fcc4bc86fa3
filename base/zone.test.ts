import { expect, test } from 'vitest'
import { timeIn, zonedTime } from './zone.ts'

test.each([
  ['2026-11-27T09:26:17.999Z', 'America/Sao_Paulo', '2026-11-27 06:26:17 -03'],
  ['2026-11-27T02:00:00Z', 'America/Sao_Paulo', '2026-11-26 23:00:00 -03'],
  ['2026-07-01T12:00:00Z', 'America/New_York', '2026-07-01 08:00:00 -04'],
  ['2026-12-01T12:00:00Z', 'Asia/Kathmandu', '2026-12-01 17:45:00 +05:45'],
  ['2026-12-01T12:00:00Z', 'UTC', '2026-12-01 12:00:00 +00'],
])('%s is shown in %s as %s', (at, zone, shown) => expect(zonedTime(new Date(at), zone)).toBe(shown))

test.each([
  ['2026-11-27', 'America/Sao_Paulo', '2026-11-27T03:00:00.000Z'],
  ['2026-11-27T14:00', 'America/Sao_Paulo', '2026-11-27T17:00:00.000Z'],
  ['2026-11-27 14:00:30', 'America/Sao_Paulo', '2026-11-27T17:00:30.000Z'],
  ['2026-11-27T14:00:00Z', 'America/Sao_Paulo', '2026-11-27T14:00:00.000Z'],
  ['2026-11-27T14:00:00+02:00', 'America/Sao_Paulo', '2026-11-27T12:00:00.000Z'],
  // The day on which clocks are set: midnight is before it, noon after it.
  ['2026-03-08', 'America/New_York', '2026-03-08T05:00:00.000Z'],
  ['2026-03-08T12:00', 'America/New_York', '2026-03-08T16:00:00.000Z'],
])('%s, written in %s, is %s', (text, zone, at) => expect(timeIn(text, zone)?.toISOString()).toBe(at))

test.each(['yesterday', '27/11/2026', '2026-11-40', ''])('"%s" is no time', (text) => expect(timeIn(text, 'UTC')).toBeNull())
