/**
 * The three-way decision, per field of the one table. Pure functions.
 *
 *   crm     what the CRM holds now, just read
 *   mirror  what it held when it was last looked at (null: not mirrored, then `agreed`): crm differs = the CRM moved
 *   agreed  what both sides last held: erp differs = the ERP moved
 *   erp     what the ERP holds now
 *
 * The CRM's base is the mirror and not the ledger, because mirror and ERP are written in one transaction: a crash between ERP and
 * ledger cannot make one move count twice.
 */

import type { ContactSides, LeadSides, MirrorWrite } from '../../connectors/erp/erp.ts'
import type { Agreed, Conflict } from '../../connectors/state/changes/agreed.ts'
import type { Cell, Row } from '../../engine/model.ts'
import { applyRule } from '../../engine/rules.ts'
import { contactFields } from '../../records/contact.ts'
import type { Field } from '../../records/kind.ts'
import { leadInboundFields } from '../../records/lead.ts'
import { unknownRep } from '../../records/rules.ts'
import { isTooLong } from './crm-rows.ts'

export interface Sides {
  readonly crm: Row
  readonly mirror: Row | null
  readonly agreed: Row | null
  /** null: the ERP does not know the record. */
  readonly erp: Row | null
  /** What we sent to the CRM without learning whether it took it. */
  readonly sent?: Row | null
}

export interface Decision {
  /** What the mirror takes, and what of it goes on to the ERP. */
  readonly write: MirrorWrite
  readonly conflicts: readonly Conflict[]
  /** Fields on which both sides hold the same once `write` is in, as the ERP spells them. */
  readonly agreed: Row
  /** Fields that the CRM lacks, or has to take back: the ERP's value must be sent. */
  readonly send: readonly string[]
}

/** Options of `_cod.gestores`: a representative that is none of them is 99 in the CRM. */
export type Reps = ReadonlySet<string>

export const decideLead = (crm: Row, { mirror, branch }: LeadSides, ledger: Agreed | null, reps: Reps): Decision =>
  decide(leadInboundFields, { crm, erp: branch, ...basesOf(mirror, ledger) }, reps)

/** What of a decision holds when nothing is taken from the CRM: what its users changed waits there, and is not agreed. */
export function withoutTaking(decision: Decision): Decision {
  const agreed = Object.fromEntries(Object.entries(decision.agreed).filter(([name]) => !Object.hasOwn(decision.write.loud, name)))
  return { ...decision, write: { quiet: {}, loud: {} }, agreed }
}

export const decideContact = (crm: Row, { mirror, contact }: ContactSides, ledger: Agreed | null): Decision =>
  decide(contactFields, { crm, erp: contact, ...basesOf(mirror, ledger) }, noReps)

/** What moves are measured against. */
export type Bases = Pick<Sides, 'mirror' | 'agreed' | 'sent'>
export const basesOf = (mirror: Row | null, ledger: Agreed | null): Bases => ({
  mirror,
  agreed: ledger?.fields ?? null,
  sent: ledger?.sent ?? null,
})

/** For contacts, which have no representative. */
export const noReps: Reps = new Set()

export function decide(fields: readonly Field[], sides: Sides, reps: Reps): Decision {
  const quiet: Record<string, Cell> = {}
  const loud: Record<string, Cell> = {}
  const agreed: Record<string, Cell> = {}
  const conflicts: Conflict[] = []
  const send: string[] = []
  for (const field of fields) {
    const { name } = field
    const crm = sides.crm[name] ?? null
    const erp = sides.erp === null ? null : applyRule(field.rule, sides.erp[name] ?? null)
    const verdict = verdictOf(field, sides, reps)
    if (verdict.mirror === 'quiet') quiet[name] = verdict.agreed === 'erp' ? erp : crm
    if (verdict.mirror === 'loud') loud[name] = crm
    if (verdict.agreed !== null && field.flow !== 'mirror') agreed[name] = verdict.agreed === 'erp' ? erp : crm
    if (verdict.send) send.push(name)
    // Two records that meet for the first time differ; they do not contradict each other.
    const base = baseOf(field, sides)
    if (verdict.winner && base !== undefined) conflicts.push({ field: name, agreed: base, erp, crm, winner: verdict.winner })
  }
  return { write: { quiet, loud }, conflicts, agreed, send }
}

interface Verdict {
  /** null: the mirror holds it already. */
  readonly mirror: 'quiet' | 'loud' | null
  /** Whose spelling both sides now hold; null: they differ. */
  readonly agreed: 'erp' | 'crm' | null
  readonly send: boolean
  readonly winner?: 'erp' | 'crm'
}

function verdictOf(field: Field, sides: Sides, reps: Reps): Verdict {
  const { name, flow } = field
  const crm = sides.crm[name] ?? null
  const differs = hasMoved(field, sides, reps)
  const crmMoved = differs && !isOurs(field, sides, reps)
  // A row that is new in the mirror takes everything.
  const quiet = differs || (sides.mirror === null && crm !== null) ? 'quiet' : null
  if (flow === 'mirror') return { mirror: quiet, agreed: null, send: false }
  const unusable = isTooLong(field, crm)
  // Nobody in the ERP has it yet: the procedure makes the record from what the mirror takes.
  if (sides.erp === null && unusable) return { mirror: null, agreed: null, send: false }
  if (sides.erp === null) return { mirror: quiet && 'loud', agreed: quiet && 'crm', send: false }
  const erp = sides.erp[name] ?? null
  // The mirror takes the ERP's spelling, or a representative that the CRM does not know would differ for ever.
  if (same(field, erp, crm, reps))
    return { mirror: quiet ?? (alike(field, sides.mirror?.[name] ?? null, erp) ? null : 'quiet'), agreed: 'erp', send: false }
  const toCrm = flow === 'to-crm' || flow === 'both'
  // A change that waits in the ERP; or (flow to-erp) one that stays there.
  if (!crmMoved) return { mirror: quiet, agreed: null, send: toCrm }
  // A null never erases a value of the ERP, nor does the representative 99, nor what no column holds: the ERP's value is sent again.
  if (crm === null || isNobody(field, crm) || unusable) return { mirror: quiet, agreed: null, send: toCrm }
  const erpMoved = hasErpMoved(field, sides)
  if (flow === 'to-crm') return { mirror: quiet, agreed: null, send: true, ...(erpMoved ? { winner: 'erp' as const } : {}) }
  if (flow === 'both' && erpMoved && field.owner === 'erp') return { mirror: quiet, agreed: null, send: true, winner: 'erp' }
  return { mirror: 'loud', agreed: 'crm', send: false, ...(erpMoved ? { winner: 'crm' as const } : {}) }
}

/** Since it was last looked at; a lead that is not mirrored (not yet, or not any more) since both sides last agreed. */
function hasMoved(field: Field, { crm, mirror, agreed }: Sides, reps: Reps): boolean {
  const { name } = field
  const now = crm[name] ?? null
  if (mirror !== null) return !same(field, mirror[name] ?? null, now, reps)
  return agreed !== null && Object.hasOwn(agreed, name) ? !same(field, agreed[name] ?? null, now, reps) : now !== null
}

/** The CRM shows what we sent: it took our values, its users said nothing. */
function isOurs(field: Field, { crm, sent }: Sides, reps: Reps): boolean {
  return sent != null && Object.hasOwn(sent, field.name) && isKnown(field, sent, crm, reps)
}

/**
 * Since both sides last agreed; before there was a ledger, since the mirror. Where there is neither, whatever the ERP holds is its own say.
 * What it holds as the mirror does was exchanged, also when a crash kept the ledger from learning it.
 */
function hasErpMoved(field: Field, sides: Sides): boolean {
  const base = baseOf(field, sides)
  const erp = sides.erp?.[field.name] ?? null
  if (sides.mirror !== null && alike(field, erp, sides.mirror[field.name] ?? null)) return false
  return base === undefined ? erp !== null : !alike(field, erp, base)
}

function baseOf({ name }: Field, { agreed, mirror }: Sides): Cell | undefined {
  return agreed !== null && Object.hasOwn(agreed, name) ? (agreed[name] ?? null) : mirror === null ? undefined : (mirror[name] ?? null)
}

/** Would the CRM show this value of the ERP as `crm`? */
function same(field: Field, erp: Cell, crm: Cell, reps: Reps): boolean {
  if (alike(field, erp, crm)) return true
  return isNobody(field, crm) && !reps.has(applyRule(field.rule, erp) ?? '')
}

/**
 * 99 in the CRM is a representative whom it did not know when it was told, or none. Once its list has the name, 99 is no news:
 * taken for a change it would erase the representatives of all such leads in the ERP.
 */
const isNobody = (field: Field, crm: Cell): boolean => field.name === 'SALES_REP' && form(field, crm) === unknownRep

const alike = (field: Field, a: Cell, b: Cell): boolean => form(field, a) === form(field, b)
const form = (field: Field, value: Cell): Cell => applyRule(field.compare, applyRule(field.rule, value))

/** Does the CRM's row show what `known`, the mirror's or the ERP's, holds of this field? A column that is missing is empty. */
export const isKnown = (field: Field, known: Row, crm: Row, reps: Reps): boolean =>
  same(field, known[field.name] ?? null, crm[field.name] ?? null, reps)
