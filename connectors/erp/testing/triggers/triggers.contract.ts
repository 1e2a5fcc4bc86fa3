import { describe } from 'vitest'
import type { SchemaHarness } from '../contract/contract-harness.ts'
import { testContact } from './triggers-contact.contract.ts'
import { testKnownLead } from './triggers-known-lead.contract.ts'
import { testNewLead } from './triggers-new-lead.contract.ts'

/** What the mirror's triggers and their procedures do, as a suite for every dialect. */
export function testTriggers(
  dialect: string,
  open: () => Promise<SchemaHarness>,
  storeContact = "call prc_store_crm_contact_id('a@x.com', 70, null)",
): void {
  describe(`${dialect}: a write to the mirror`, () => {
    describe('of a lead that the ERP does not know', () => testNewLead(open))
    describe('of a lead whose branch is there', () => testKnownLead(open))
    describe('of a contact', () => testContact(open, storeContact))
  })
}
