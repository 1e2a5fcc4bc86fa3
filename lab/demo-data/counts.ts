import type { Client } from './records/client.ts'

export interface DemoCounts {
  readonly clients: number
  readonly branches: number
  /** Branches that the insert detector finds. */
  readonly eligible: number
  /** Branches with a lead in an integrated stage; none differs from the mirror. */
  readonly linked: number
  readonly contacts: number
  /** Contacts in the mirror. */
  readonly mirrorContacts: number
  /** Contacts of linked branches, with an e-mail, that the CRM has never seen. */
  readonly newContacts: number
  readonly budgets: number
  readonly orders: number
  readonly serviceOrders: number
  /** Linked branches whose budget or order value is not the one that the mirror remembers, on `today`. */
  readonly pendingBudgets: number
  readonly pendingSales: number
}

export type Tally = { -readonly [Name in keyof DemoCounts]: number }

export const emptyTally = (): Tally => ({
  clients: 0,
  branches: 0,
  eligible: 0,
  linked: 0,
  contacts: 0,
  mirrorContacts: 0,
  newContacts: 0,
  budgets: 0,
  orders: 0,
  serviceOrders: 0,
  pendingBudgets: 0,
  pendingSales: 0,
})

/** Adds one client. */
export function count(tally: Tally, { branches }: Client): void {
  tally.clients++
  tally.branches += branches.length
  for (const { role, contacts, commerce, stage } of branches) {
    tally.contacts += contacts.length
    tally.budgets += commerce.budgets.length
    tally.orders += commerce.orders.length
    if (commerce.serviceOrder) tally.serviceOrders++
    if (role === 'eligible') tally.eligible++
    if (role !== 'linked') continue
    tally.linked++
    for (const contact of contacts) {
      if (contact.crmId !== null) tally.mirrorContacts++
      else if (contact.hasBranch && contact.email !== null) tally.newContacts++
    }
    // The conditions of VIEW_LEADS_BUDGETED and VIEW_LEADS_SOLD.
    if (commerce.budgetCents === null) continue
    if (commerce.budgetCents !== commerce.sentBudgetCents) tally.pendingBudgets++
    if (stage !== 'Ativação' && commerce.orderCents !== null && commerce.orderCents !== commerce.sentOrderCents) tally.pendingSales++
  }
}
