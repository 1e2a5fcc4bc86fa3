/** The kinds of records that are kept in step. What the rest of the house enumerates is derived here: lanes, entities, letters, views. */
import { contact } from './contact.ts'
import type { Change, ChangeName, RecordKind, ViewBase } from './kind.ts'
import { lead } from './lead.ts'

/** One line a kind. In this order they are compared and delivered: parents before what belongs to them. */
export const kinds = { leads: lead, contacts: contact } as const satisfies Readonly<Record<string, RecordKind>>

export type KindName = keyof typeof kinds
/** Each kind has a lane of its own, QUEUE_ROOT/<name>. */
export type LaneName = KindName
export type EntityName = `${KindName}.${ChangeName}`
export type ErpView = { [Kind in KindName]: keyof (typeof kinds)[Kind]['views'] }[KindName]

/** What is compared and delivered: one change of one kind. */
export interface Entity extends Change<ErpView> {
  readonly name: EntityName
  readonly kind: KindName
  readonly change: ChangeName
}

export const kindNames = Object.keys(kinds) as readonly KindName[]

/** In the order of detection: updates before inserts. */
export const entities: readonly Entity[] = kindNames.flatMap((kind) =>
  (['update', 'insert'] as const).map((change): Entity => ({ ...kinds[kind][change], name: `${kind}.${change}`, kind, change })),
)

export const entityNamed = (name: EntityName): Entity => entities.find((entity) => entity.name === name)!

/** A change that the state remembers may be of no entity: budgets and sales are told otherwise. */
export const entityOf = (name: string): Entity | null => entities.find((entity) => entity.name === name) ?? null

export const views = Object.assign({}, ...kindNames.map((kind) => kinds[kind].views)) as Readonly<Record<ErpView, ViewBase>>

/** What the letters of one prefix are: where they go, which job takes them, what their lines say. */
export interface LetterKind {
  readonly prefix: string
  readonly lane: LaneName
  /** null: nobody reads it yet. */
  readonly job: string | null
  /** A line is a record on its way to the CRM; null: it is an event of the CRM. */
  readonly entity: Entity | null
}

export const letterKinds: readonly LetterKind[] = [
  ...entities.map((entity) => ({ prefix: entity.prefix, lane: entity.kind, job: entity.job.name, entity })),
  ...kindNames.flatMap((lane) => Object.entries(kinds[lane].events).map(([prefix, job]) => ({ prefix, lane, job, entity: null }))),
]

/** null: no job takes such letters. */
export const kindOf = (prefix: string): LetterKind | null => letterKinds.find((kind) => kind.prefix === prefix) ?? null
