/** LEADS and CONTACTS: what the CRM is known to hold of the linked branches. */
import { mirrorContacts, mirrorLead } from '../records/lead.ts'
import { columnsOf, type Table } from './table.ts'

const leadColumns = columnsOf(`
  ID NAME STAGE TAXID INDUSTRY SOURCE PHONE ADDRESS_STREET ADDRESS_ZIPCODE ADDRESS_NUMBER ADDRESS_COMPLEMENT
  ADDRESS_DISTRICT CITY STATE SALES_REP TAX_REGISTRATION CLIENT_CODE BUDGET_VALUE ORDER_VALUE FINANCIAL_ANALYSIS
`)
const contactColumns = columnsOf(`
  ID NAME EMAIL PHONE JOB_TITLE CLIENT_CODE IS_PRIMARY LEAD_ID
`)

export const mirrorTables: readonly Table[] = [
  {
    name: 'leads',
    columns: leadColumns.map((name) => name.toLowerCase()),
    *rows(client, settings) {
      for (const branch of client.branches) {
        if (branch.crmId === null) continue
        const row = mirrorLead(settings, client, branch)
        yield leadColumns.map((name) => row[name]!)
      }
    },
  },
  {
    name: 'contacts',
    columns: contactColumns.map((name) => name.toLowerCase()),
    *rows(client) {
      for (const branch of client.branches) {
        if (branch.crmId === null) continue
        for (const row of mirrorContacts(client, branch)) yield contactColumns.map((name) => row[name]!)
      }
    },
  },
]
