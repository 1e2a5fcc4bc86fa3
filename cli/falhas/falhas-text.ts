/** Refused lines in words. */

import { visibleValue } from '../../base/visible.ts'
import { zonedTime } from '../../base/zone.ts'
import type { DeadLine } from '../../operations/dead-line.ts'
import { entityOf } from '../../records/kinds.ts'
import { duration } from '../output.ts'

/** 2026-11-27 06:26:17 -03, 2 h 10 min ago */
export function since(iso: string, zone: string): string {
  const at = new Date(iso)
  return `${zonedTime(at, zone)}, ${age(Math.max(0, Date.now() - at.getTime()) / 1_000)} ago`
}

export function age(seconds: number): string {
  if (seconds < 3_600) return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? duration(Math.floor(seconds / 60) * 60_000) : `${Math.floor(seconds / 86_400)} days`
}

/** Whom a line is about, as far as it says. */
export function aboutText({ about }: DeadLine): string {
  const { entity, key, leadId, taxId, name } = about
  const record = key === null ? null : entityOf(entity)?.names === 'branch' ? `branch ${key}` : `record ${key}`
  const parts = [name, taxId && `tax id ${taxId}`, leadId && leadId !== key ? `lead ${leadId}` : null, record]
  return visibleValue(parts.filter((part) => part).join(' · ')) || 'says of nobody that it is about them'
}

export const refusal = ({ reason: { code, httpStatus } }: DeadLine): string =>
  `${code}${httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`}`

/** For machines; holds personal data, as the letter does. */
export const lineDocument = ({ reason, about }: DeadLine) => ({ ...reason, about })
