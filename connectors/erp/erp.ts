/**
 * The contract with an ERP database, whatever its dialect. All values are text or null; the empty string is null.
 * Views and procedures are those of `sql/<dialect>`; names here are canonical (mission 0.1).
 */
import type { Row, SourceRef } from '../../engine/model.ts'

/**
 * The views that engines read. Every column is text; each has a hidden integer range column for parallel reading.
 *
 * desired_leads    ERP branches with a CRM id        ID NAME TAXID ADDRESS_STREET ADDRESS_ZIPCODE ADDRESS_NUMBER ADDRESS_COMPLEMENT
 *                                                    ADDRESS_DISTRICT CITY STATE SALES_REP CLIENT_CODE TAX_REGISTRATION FINANCIAL_ANALYSIS
 * known_leads      LEADS in an integrated stage      the same columns
 * insert_leads     VIEW_INSERT_LEAD_IN_CRM           ID(client-branch) NAME TAXID ADDRESS DISTRICT ZIPCODE ADDRESS_NUMBER CITY PHONE COMPLEMENT
 *                                                    STATE COUNTRY INDUSTRY SALES_REP CLIENT_CODE TAX_REGISTRATION
 * desired_contacts ERP contacts with a CRM id        ID NAME EMAIL PHONE JOB_TITLE IS_PRIMARY LEAD_ID
 * known_contacts   CONTACTS x LEADS by client code   the same columns
 * insert_contacts  contacts with e-mail, no CRM id,  CODE NAME EMAIL PHONE JOB_TITLE IS_PRIMARY LEAD_ID
 *                  on a branch with one (D-33)
 */
export type ErpView = 'desired_leads' | 'known_leads' | 'insert_leads' | 'desired_contacts' | 'known_contacts' | 'insert_contacts'

/** One consistent moment of the ERP: every source opened from it sees the same data. */
export interface Extract {
  source(view: ErpView, columns: readonly string[]): Promise<SourceRef>
  close(): Promise<void>
}

export interface Erp {
  readonly dialect: 'postgres' | 'mysql' | 'oracle'
  /** Throws PonteError `erp.unreachable` | `erp.login_refused` | `erp.database_missing`... with a hint. */
  ping(): Promise<void>
  /** `readers`: how many ranges each source should be cut into. */
  openExtract(readers: number): Promise<Extract>
  /** The contacts of one CRM lead that were never sent: rows of `insert_contacts`. */
  contactsToInsert(leadId: string): Promise<Row[]>
  /** Tax ids of flagged, unlinked branches that another flagged or linked branch carries too (D-64): held back and reported. */
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
  /** The CRM took these values: write them into LEADS, keyed by ID. Triggers do nothing when the ERP agrees. Returns rows changed. */
  writeLeadMirror(row: Row): Promise<number>
  /** The same for CONTACTS (ID NAME EMAIL PHONE JOB_TITLE IS_PRIMARY LEAD_ID). */
  writeContactMirror(row: Row): Promise<number>
  /** LOG_EXECUTION_CRM: one business event. */
  logExecution(entry: { job: string; leadId: string; leadName: string; field: string; value: string }): Promise<void>
  close(): Promise<void>
}
