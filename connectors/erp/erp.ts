/**
 * The contract with an ERP database, whatever its dialect. All values are text or null; the empty string is null.
 * Views and procedures are those of `sql/<dialect>`; names here are canonical.
 */
import type { Row, SourceRef } from '../../engine/model.ts'
import type { ErpView, KindName } from '../../records/kinds.ts'
import type { StageAlias } from '../../records/stages.ts'

/** One consistent moment of the ERP: every source opened from it sees the same data. */
export interface Extract {
  source(view: ErpView, columns: readonly string[]): Promise<SourceRef>
  close(): Promise<void>
}

/** A lead as the ERP's database holds it, locked until the transaction ends. Raw text, canonical column names. */
export interface LeadSides {
  /** Its LEADS row: STAGE, SOURCE and the columns of `desired_leads` with PHONE and INDUSTRY; null: not mirrored. */
  readonly mirror: Row | null
  /** The ERP branch that is the lead's: the one linked to it, else the only one without a lead that carries its tax id. */
  readonly branch: Row | null
  readonly linked: boolean
  /** Branches (client-branch) without a lead that carry the tax id of a lead that no branch is linked to: more than one is ambiguous. */
  readonly candidates: readonly string[]
}

/** A person as the ERP's database holds it: NAME EMAIL PHONE JOB_TITLE IS_PRIMARY. */
export interface ContactSides {
  readonly mirror: Row | null
  /** The ERP contact: by CRM id, else by e-mail within the lead's client. */
  readonly contact: Row | null
  /** Of the lead's branch; null: no branch is linked to the lead. */
  readonly clientCode: string | null
}

/** What goes into the mirror. `quiet` stays there; `loud` fires the trigger, which hands it on to the ERP. */
export interface MirrorWrite {
  readonly quiet: Row
  readonly loud: Row
}

/** `sides`: what `decide` saw. unchanged: nothing was written, the inbox id neither. */
export interface Applied<Sides> {
  readonly kind: 'applied' | 'unchanged'
  readonly sides: Sides
}

export interface Tablespace {
  readonly name: string
  /** Of what it may grow to. */
  readonly usedPercent: number
}

/** What the ERP and the mirror hold of one lead's budget and order, now. Values: exact decimals, at most six places, as the mirror keeps them. */
export interface CommercialLead {
  readonly name: string | null
  /** As the mirror spells it. */
  readonly stage: string | null
  /** Branches (client-branch) linked to the lead: with more than one no value is the lead's, and the first speaks. */
  readonly branches: readonly string[]
  readonly budgetValue: string | null
  readonly orderValue: string | null
  readonly salesRepEmail: string | null
  /** What the CRM was last told. */
  readonly told: { readonly budgetValue: string | null; readonly orderValue: string | null }
}

export interface MirroredStage {
  readonly leadId: string
  readonly stage: string | null
  readonly taxId: string | null
  readonly name: string | null
}

/** What a full sync found; row null: left out, a mandatory field is missing. Rows are of canonical columns. */
export interface StagedLead {
  readonly leadId: string
  readonly row: Row | null
}
export interface StagedContact {
  readonly personId: string
  readonly leadId: string
  readonly row: Row | null
}

/** What one full sync collects before it touches the mirror. */
export interface MirrorStaging {
  /** Leads in the mirror when the run began. */
  readonly mirrored: number
  leads(rows: readonly StagedLead[]): Promise<void>
  contacts(rows: readonly StagedContact[]): Promise<void>
  /** fresh: ready and not mirrored. gone: mirrored and not found. */
  counts(): Promise<{ ready: number; leftOut: number; fresh: number; gone: number }>
  /** Leads that were mirrored when the run began and that it did not find, ready or left out. */
  gone(): Promise<string[]>
  /**
   * One transaction: the `quiet` columns of leads that are ready and mirrored, triggers out; and the leads of `remove` leave as with
   * `removeLead`. Rows that moved since the run began are newer than what it read and stay as they are.
   * @returns rows updated, ids removed
   */
  swap(change: {
    readonly quiet: readonly string[]
    readonly remove: readonly string[]
    readonly job: string
    readonly reason: string
  }): Promise<{ updated: number; removed: string[] }>
  /**
   * Would the swap take these columns of the leads that are ready, from id `first` to `last`? Done and undone.
   * @returns false: a value is refused
   */
  takes(quiet: readonly string[], first: string, last: string): Promise<boolean>
  /** What is ready, in pages, ordered by id. */
  ready(): AsyncIterable<readonly { leadId: string; row: Row }[]>
  contactsOf(leadIds: readonly string[]): Promise<StagedContact[]>
  /** Forgets what was collected. What a run that died left behind goes when the next one begins. */
  close(): Promise<void>
}

/** A row of LOG_EXECUTION_CRM. Of a name 200 characters are kept, of a value 4,000. */
export interface LogEntry {
  readonly job: string
  readonly leadId: string
  readonly leadName: string
  readonly field: string
  readonly value: string
}

/** What a row of LOG_EXECUTION_CRM or ERROR_LOG says. Holds personal data: shown to operators, never logged. */
export type LoggedRow = LoggedEvent | LoggedError
interface LoggedEvent {
  readonly log: 'LOG_EXECUTION_CRM'
  readonly at: Date
  readonly leadId: string
  readonly job: string | null
  readonly field: string | null
  readonly value: string | null
}
interface LoggedError {
  readonly log: 'ERROR_LOG'
  readonly at: Date
  /** `lead 4711`, `contact 70`: what was being written, by id; the rest of ERROR_INFO. */
  readonly record: string
  readonly info: string | null
  /** -20001, -20012, -20020. */
  readonly code: string | null
  readonly error: string | null
}

export interface Erp {
  readonly dialect: 'postgres' | 'mysql' | 'oracle'
  /** Throws PonteError `erp.unreachable` | `erp.login_refused` | `erp.database_missing`... with a hint. */
  ping(): Promise<void>
  /** `readers`: how many ranges each source should be cut into. */
  openExtract(readers: number): Promise<Extract>
  /** The contacts of one CRM lead that were never sent: rows of `insert_contacts`. */
  contactsToInsert(leadId: string): Promise<Row[]>
  /** How many contacts with an e-mail wait for their branch to become a lead, by branch (CLIENT-CODE); branches without any are left out. */
  contactsOfNewLeads(): Promise<Map<string, number>>
  /** Tax ids of flagged, unlinked branches that another flagged or linked branch carries too: held back and reported. */
  ambiguousTaxIds(): Promise<{ taxId: string; branches: string[] }[]>
  /** PRC_STORE_CRM_CLIENT_ID. Returns how many branches carry the id afterwards (0 is not an error). */
  storeLeadId(taxId: string, crmId: string): Promise<number>
  /** PRC_STORE_CRM_CONTACT_ID limited to the lead's branch; also writes the CONTACTS mirror when the lead is mirrored. One transaction. */
  storeContactId(contact: {
    email: string
    leadId: string
    crmId: string
    name: string
    phone: string | null
    jobTitle: string | null
    isPrimary: boolean
  }): Promise<number>
  /**
   * The CRM took these values: write them into the mirror of the kind, keyed by ID. Triggers do nothing when the ERP agrees. Returns rows changed.
   * @param entry written into LOG_EXECUTION_CRM in the same transaction, when a row changed
   */
  writeMirror(kind: KindName, row: Row, entry?: LogEntry): Promise<number>
  /**
   * An event of a lead, from the CRM to the ERP: one transaction with its inbox id. `decide` sees both sides, locked,
   * and says what to write; null: nothing; after a deadlock it is asked again. The same event again is decided anew, on what stands there now. A lead that is not mirrored is inserted. Values of an earlier time in the mirror
   * (BUDGET_VALUE, ORDER_VALUE) come back with it.
   * @throws PonteError `erp.write_refused`: the trigger refused, nothing was written, ERROR_LOG says why
   */
  applyLead(
    event: { readonly inboxId: string; readonly leadId: string; readonly taxId: string | null },
    decide: (sides: LeadSides) => MirrorWrite | null,
  ): Promise<Applied<LeadSides>>
  /** The same for a person of a lead. A person that is not mirrored is inserted. */
  applyContact(
    event: {
      readonly inboxId: string
      readonly personId: string
      readonly leadId: string
      readonly taxId: string | null
      readonly email: string | null
    },
    decide: (sides: ContactSides) => MirrorWrite | null,
  ): Promise<Applied<ContactSides>>
  /**
   * The lead leaves the mirror; its budget and order values are kept for its return, the reason goes to LOG_EXECUTION_CRM.
   * The ERP's own tables are not touched. @returns false when it was not mirrored
   */
  removeLead(event: { readonly leadId: string; readonly job: string; readonly reason: string }): Promise<boolean>
  /** A lead and its persons as the mirror holds them now, unlocked: columns as in `LeadSides.mirror`; persons as in `ContactSides.mirror`, with ID. */
  mirrorOf(leadId: string): Promise<{ readonly lead: Row | null; readonly persons: readonly Row[] }>
  /** The person leaves the mirror; the trigger deletes the ERP contact only when the setting says so. @returns false when it was not mirrored */
  removeContact(event: { readonly personId: string; readonly leadId: string; readonly job: string }): Promise<boolean>
  /** Every mirrored lead, in pages, ordered by id; not of one moment. */
  mirroredStages(): AsyncIterable<readonly MirroredStage[]>
  /** LEADS rows of these leads, by id; who is not mirrored is not in it. */
  mirroredLeads(leadIds: readonly string[]): Promise<Map<string, Row>>
  /** CONTACTS rows of these leads, by person id, with LEAD_ID. */
  mirroredContacts(leadIds: readonly string[]): Promise<Map<string, Row>>
  /** Begins a full sync: notes what is mirrored, sweeps what dead runs left. */
  stageMirror(run: string): Promise<MirrorStaging>
  stages(): Promise<StageAlias[]>
  /** VIEW_LEADS_BUDGETED: leads whose budget the CRM was not told; one row per linked branch. */
  budgetedLeads(): Promise<{ leadId: string; budgetValue: string; taxId: string }[]>
  /** VIEW_LEADS_SOLD: leads whose order the CRM was not told; one row per linked branch. */
  soldLeads(): Promise<{ leadId: string; orderValue: string; salesRepEmail: string | null }[]>
  /** The same of one lead, read alone: whatever was waited for, what is sent is the newest. null: it is not mirrored. */
  commercialLead(leadId: string): Promise<CommercialLead | null>
  /**
   * Rows of a view as they are now, by the exact text of some of its columns; at most 50. For single looks by people: a large view may be
   * read whole.
   */
  viewRows(view: ErpView, columns: readonly string[], where: Readonly<Record<string, string>>): Promise<Row[]>
  /** The LEADS row with every column as text; null: not mirrored. */
  mirroredLead(leadId: string): Promise<Row | null>
  /**
   * Industries of the CRM whose description INDUSTRIES does not have yet, however it is spelled there (accents, case), are added. All of
   * them or none. Values of at most 60 characters; an empty one says nothing and counts as existing.
   */
  storeIndustries(industries: readonly { readonly id: number; readonly value: string }[]): Promise<{ inserted: number; existing: number }>
  /** LOG_EXECUTION_CRM: one business event. */
  logExecution(entry: LogEntry): Promise<void>
  /**
   * What the ERP's two logs say of these leads and persons of the CRM: the newest first, at most `limit` of each log. The logs have no index
   * for it: for single looks by people. `at` is of whole seconds on Oracle.
   */
  logsOf(records: { readonly leads: readonly string[]; readonly persons: readonly string[] }, limit: number): Promise<LoggedRow[]>
  /** What its clock says now, read as the times of its logs are; on Oracle in whole seconds. */
  clock(): Promise<Date>
  /**
   * What the company's clocks show at these moments, as if it were UTC, by the zone in `ponte_settings` and the database's own rules for it.
   * `zone`: that setting; null: there is none, and it is UTC.
   */
  localTimes(moments: readonly Date[]): Promise<{ readonly zone: string | null; readonly times: readonly Date[] }>
  /** How full the database's tablespaces are. Absent where there is no such thing (PostgreSQL, MySQL). */
  tablespaces?(): Promise<Tablespace[]>
  close(): Promise<void>
}
