/** What one kind of record is: the columns, calls and names that everything else derives from. */
import type { Column } from '../engine/model.ts'
import type { Rule } from '../engine/rules.ts'

/** Where a value lives in the CRM: a property of `lead`/person, or a custom field (choice fields take `options`). */
export type CrmTarget = { readonly property: string } | { readonly custom: string; readonly choice?: boolean }

/**
 * to-crm: a change in the CRM is corrected · to-erp: a change in the ERP stays there · both: whoever moved alone wins, the owner when
 * both did · mirror: kept in LEADS only
 */
export type Flow = 'to-crm' | 'to-erp' | 'both' | 'mirror'

export interface Field {
  /** Canonical column of mirror and update views, and the key in a queue line. */
  readonly name: string
  /** Other keys that mean the same in lines of any origin: the insert view's column first, then what the old system wrote. */
  readonly aliases: readonly string[]
  readonly crm: CrmTarget | null
  /** Where a value comes from when the CRM is read: a path of the row (`industry.value`); custom fields are found by `crm`. */
  readonly read: string | null
  /** The same in a webhook's `Lead` (or contact): null when it is not there on its own. */
  readonly webhook: string | null
  readonly owner: 'erp' | 'crm'
  readonly flow: Flow
  /** Value as sent and remembered. */
  readonly rule: Rule
  /** Further, for comparing only. */
  readonly compare: Rule
  /**
   * Characters of the longest value that counts as one; the column of the mirror holds one more. Fields whose rule cuts need none.
   * What is longer in the CRM stands in the mirror cut to one character too many: it differs from every value, so the ERP's is sent.
   */
  readonly longest?: number
  /** What a person may type for it (edit of a refused line); without it any text that fits. */
  readonly entry?: Entry
}

export interface Entry {
  /** Of the text as typed, blanks at its ends cut off. */
  readonly typed: RegExp
  /** Completes "expected: ". */
  readonly words: string
  /** An empty value is refused. */
  readonly required?: true
}

/** What a line must have before the CRM is asked anything about it. */
export interface Need {
  readonly columns: readonly string[]
  holds(value: string | null): boolean
  readonly code: string
  readonly reason: string
}

/** A view that engines read. Every column is text; a hidden integer `range_key` stands for `key` of `table` and cuts it into ranges. */
export interface ViewBase {
  readonly table: string
  readonly key: string
  /** Rows of the table that the view is made of, for counting. */
  readonly where: string
}

/** One direction of detection and delivery: records that the CRM has already, or that it is to get. */
export interface Change<View extends string = string> {
  /** Of the letters' names. */
  readonly prefix: string
  /** What the ERP wants. */
  readonly desired: View
  /** What the CRM is known to hold; null: nothing, everything desired is new. */
  readonly known: View | null
  readonly key: readonly string[]
  /** What the key names: a lead of the CRM, a branch, a record of the CRM under its lead (`ID-LEAD_ID`), or a row of the ERP's under a lead. */
  readonly names: 'lead' | 'branch' | 'child' | 'row'
  readonly fields: readonly Field[]
  readonly columns: readonly Column[]
  /** The first that is not met is the reason for falhas. */
  readonly needs: readonly Need[]
  /** The field by which it is found again after it was created, so that nobody may edit it in a letter. */
  readonly foundBy: string | null
  /** Lines that have the same text here must not overtake each other; null: the key alone says so. */
  readonly inOrderOf: { readonly column: string; readonly as: string } | null
  /** Reads of the CRM beside the one write of a line. `shared`: lines in flight together ask as one. `onDoubt`: only to look for a lost answer. */
  readonly reads: { readonly each: number; readonly shared: boolean; readonly onDoubt: number }
  readonly job: { readonly name: string; readonly alias: string; readonly summary: string; readonly cron: string }
  /** For people: why there is such a change. */
  readonly because: string
}

export type ChangeName = 'update' | 'insert'

export interface RecordKind<View extends string = string> {
  /** For people. */
  readonly label: string
  /** Everything that the CRM tells of it. */
  readonly fields: readonly Field[]
  /** Columns of the mirror that no field fills. */
  readonly mirrorOnly: Readonly<Record<string, ColumnKind>>
  readonly views: Readonly<Record<View, ViewBase>>
  readonly update: Change<View>
  readonly insert: Change<View>
  /** Prefixes of letters that tell of events in the CRM, each with the job that takes them; null: nobody reads them yet. */
  readonly events: Readonly<Record<string, string | null>>
}

/** Holds the table to its own names: a change reads only views that the kind has. */
export const recordKind = <View extends string>(
  kind: Omit<RecordKind<View>, ChangeName> & Record<ChangeName, Change<NoInfer<View>>>,
): RecordKind<View> => kind

export type ColumnKind = 'text' | 'whole' | 'decimal'

/** Columns of the mirror that may be written. */
export const mirrorColumns = ({ fields, mirrorOnly }: RecordKind): Readonly<Record<string, ColumnKind>> => ({
  ...Object.fromEntries(fields.map(({ name, rule }) => [name, rule.some(({ op }) => op === 'wholeNumber') ? 'whole' : 'text'] as const)),
  ...mirrorOnly,
})

export const idColumn = (name: string): Column => ({ name, rule: [{ op: 'trim' }] })
export const columnOf = ({ name, rule, compare }: Field): Column => ({ name, rule, compare })

const missing = (columns: readonly string[], holds: Need['holds'], reason: string): Need => ({
  columns,
  holds,
  code: 'MISSING_FIELD',
  reason,
})
export const present = (...columns: readonly string[]): Need =>
  missing(columns, Boolean, columns.length > 1 ? `${columns.join(' and ')} are mandatory.` : `${columns[0]} is missing.`)
export const crmId = (column: string, of: string): Need =>
  missing([column], (value) => Number.isSafeInteger(Number(value)) && Number(value) > 0, `${column} must be the CRM ${of} id.`)
