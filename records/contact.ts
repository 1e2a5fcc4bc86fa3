/** A person: a contact of the ERP's client, a person of the CRM's lead. */
import type { Rule } from '../engine/rules.ts'
import { columnOf, crmId, type Field, idColumn, present, recordKind } from './kind.ts'
import { anyCase, anyText, cut, emailEntry, emailRule, phone, phoneEntry, text } from './rules.ts'

const flag: Rule = [
  ...text,
  { op: 'upper' },
  { op: 'map', from: ['Y', 'S', 'T', 'TRUE', '1'], to: 'S' },
  { op: 'map', from: ['N', 'F', 'FALSE', '0'], to: 'N' },
  { op: 'oneOf', values: ['S', 'N'], otherwise: 'N' },
]

/** What a contact without a phone is sent with. */
export const noPhone = '5500000000'

export const contactFields: readonly Field[] = [
  {
    name: 'NAME',
    aliases: ['NOME'],
    crm: { property: 'name' },
    read: 'name',
    webhook: 'Name',
    owner: 'crm',
    flow: 'both',
    rule: cut(60),
    compare: anyCase,
    entry: anyText,
  },
  {
    name: 'EMAIL',
    aliases: [],
    crm: { property: 'email' },
    read: 'email',
    webhook: 'Email',
    owner: 'crm',
    flow: 'both',
    rule: emailRule,
    longest: 199,
    compare: [],
    entry: emailEntry,
  },
  {
    name: 'PHONE',
    aliases: ['PHONE1', 'TELEFONE'],
    crm: { property: 'phone1' },
    read: 'phone1',
    webhook: 'Phone',
    owner: 'crm',
    flow: 'both',
    rule: [...phone, { op: 'map', from: [noPhone], to: '' }],
    compare: [],
    entry: phoneEntry,
  },
  {
    name: 'JOB_TITLE',
    aliases: ['JOBTITLE', 'CARGO_DESCRICAO', 'CARGO'],
    crm: { property: 'jobTitle' },
    read: 'jobTitle',
    webhook: 'Position',
    owner: 'crm',
    flow: 'both',
    rule: cut(30),
    compare: anyCase,
  },
  {
    name: 'IS_PRIMARY',
    aliases: ['MAINCONTACT', 'CONTATO_PRINCIPAL'],
    crm: { property: 'mainContact' },
    read: 'mainContact',
    webhook: null,
    owner: 'crm',
    flow: 'both',
    rule: flag,
    compare: [{ op: 'default', value: 'N' }],
    entry: { typed: /^[SYN]$/i, words: 'S (main contact) or N' },
  },
]

// A lead's persons are looked for in a list that the one before may extend.
const inOrderOf = { column: 'LEAD_ID', as: 'lead' }

export const contact = recordKind({
  label: 'contact',
  fields: contactFields,
  mirrorOnly: {},
  views: {
    desired_contacts: { table: 'contact', key: 'code', where: 'id_crm is not null' },
    known_contacts: { table: 'contacts', key: 'id', where: 'true' },
    insert_contacts: { table: 'contact', key: 'code', where: 'id_crm is null and email is not null' },
  },
  update: {
    prefix: 'update_contacts_in_crm',
    desired: 'desired_contacts',
    known: 'known_contacts',
    key: ['ID', 'LEAD_ID'],
    names: 'child',
    fields: contactFields,
    columns: [idColumn('ID'), idColumn('LEAD_ID'), ...contactFields.map(columnOf)],
    needs: [crmId('ID', 'person'), crmId('LEAD_ID', 'lead'), present('NAME', 'EMAIL')],
    foundBy: null,
    inOrderOf,
    reads: { each: 1, shared: true, onDoubt: 0 },
    job: {
      name: 'job_update_contacts_in_spotter',
      alias: 'job_update_contacts_in_crm',
      summary: 'update contacts in the CRM',
      cron: '*/10 * * * *',
    },
    because: 'the ERP differs from what the CRM holds of a contact: an update is to be sent',
  },
  insert: {
    prefix: 'insert_contact_crm',
    desired: 'insert_contacts',
    known: null,
    key: ['CODE'],
    names: 'row',
    fields: contactFields,
    columns: [idColumn('CODE'), idColumn('LEAD_ID'), ...contactFields.map(columnOf)],
    needs: [crmId('LEAD_ID', 'lead'), present('EMAIL'), present('NAME')],
    foundBy: 'EMAIL',
    inOrderOf,
    // The CRM does not refuse a repeated person: each is looked for among its lead's persons first.
    reads: { each: 1, shared: false, onDoubt: 0 },
    job: {
      name: 'job_insert_contacts_in_spotter',
      alias: 'job_insert_contacts_in_crm',
      summary: 'create contacts in the CRM',
      cron: '* * * * *',
    },
    because: 'a new contact is to be created in the CRM',
  },
  events: { contato_update_erp: 'job_update_contact_in_erp', inserted_timeline: null },
})
