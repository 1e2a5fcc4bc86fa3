/**
 * Budgets, orders and service orders: what the functions of PKG_CRM_CLIENT add up. Money is in integer cents and
 * quantities are whole thousandths of nothing odd (multiples of 500, even prices), so every sum here is exact.
 *
 * A linked branch is one of:  quiet (nothing that counts) · settled (counts, and the mirror has the value) · pending (counts, the mirror
 * has another value or none: the next run of the budget or sale job sends it).
 */
import type { Settings } from '../options.ts'
import type { Role } from '../plan.ts'
import { Random, streams } from '../random.ts'

export interface Tier {
  readonly quantity: number
  readonly priceCents: number
  readonly negotiatedCents: number | null
}
export interface Budget {
  readonly number: number
  readonly items: readonly {
    readonly item: number
    readonly day: number
    readonly generated: 'S' | 'N'
    readonly isBillingClient: boolean
    readonly approvedDay: number | null
    /** Lowest quantity first: the one that counts. */
    readonly tiers: readonly Tier[]
  }[]
}
export interface Order {
  readonly number: number
  readonly items: readonly {
    readonly sequence: number
    readonly day: number
    readonly quantity: number
    readonly unitCents: number
    readonly isBillingClient: boolean
  }[]
}
export interface ServiceOrder {
  readonly number: number
  readonly day: number
  readonly status: 'A' | 'C' | 'F'
}
export interface Commerce {
  readonly budgets: readonly Budget[]
  readonly orders: readonly Order[]
  readonly serviceOrder: ServiceOrder | null
  /** What GET_BUDGET_VALUE and GET_ORDER_VALUE answer on `today`; null when nothing counts. */
  readonly budgetCents: number | null
  readonly orderCents: number | null
  /** What the mirror of a linked branch remembers to have sent. */
  readonly sentBudgetCents: number | null
  readonly sentOrderCents: number | null
}

/** Days that count: today to today + 365, both included. */
type When = 'past' | 'today' | 'ahead'

const MOST_DOCUMENTS = 4

const drawDay = (random: Random, today: number, when: When): number =>
  when === 'past' ? today - random.between(1, 900) : when === 'today' ? today : today + random.between(30, 330)

function drawBudget(random: Random, number: number, today: number, when: When, counts: boolean): Budget {
  const day = drawDay(random, today, when)
  const items = Array.from({ length: random.chance(70) ? 1 : random.between(2, 3) }, (_, place) => {
    const tiers: Tier[] = []
    let quantity = 500 * random.between(1, 40)
    let priceCents = 2 * random.between(500, 40_000)
    for (let left = random.chance(60) ? 1 : random.between(2, 3); left > 0; left--) {
      const haggle = random.below(10)
      tiers.push({ quantity, priceCents, negotiatedCents: haggle < 6 ? null : haggle < 7 ? 0 : 2 * Math.ceil(priceCents * 0.47) })
      quantity *= 2
      priceCents = 2 * Math.ceil(priceCents * 0.46)
    }
    // The first item decides whether the budget counts; later ones may each fail in their own way.
    const flaw = place === 0 ? (counts ? 9 : random.below(3)) : random.below(10)
    return {
      item: place + 1,
      day,
      generated: flaw === 0 && when !== 'past' ? ('N' as const) : ('S' as const),
      isBillingClient: flaw !== 1,
      approvedDay: flaw === 2 ? null : Math.min(day, today) - random.between(1, 20),
      tiers,
    }
  })
  return { number, items }
}

/** Exported for the tests' own arithmetic. Null when no item counts. */
function budgetCentsOn(budgets: readonly Budget[], today: number): number | null {
  let sum: number | null = null
  for (const { items } of budgets) {
    for (const item of items) {
      if (item.day < today || item.day > today + 365 || item.generated === 'N' || !item.isBillingClient || item.approvedDay === null)
        continue
      const tier = item.tiers[0]!
      sum = (sum ?? 0) + (tier.quantity * (tier.negotiatedCents || tier.priceCents)) / 1000
    }
  }
  return sum
}

function drawOrder(random: Random, number: number, today: number, when: When): Order {
  const day = drawDay(random, today, when)
  return {
    number,
    items: Array.from({ length: random.chance(65) ? 1 : random.between(2, 4) }, (_, place) => ({
      sequence: place + 1,
      day,
      quantity: random.between(1, 400),
      unitCents: random.between(150, 90_000),
      isBillingClient: place === 0 || !random.chance(10),
    })),
  }
}

function orderCentsOn(orders: readonly Order[], today: number): number | null {
  let sum: number | null = null
  for (const { items } of orders) {
    for (const item of items) {
      if (item.day >= today && item.day <= today + 365 && item.isBillingClient) sum = (sum ?? 0) + item.quantity * item.unitCents
    }
  }
  return sum
}

/** @param isWon the lead is past the budget stage: its sale has been sent */
export function drawCommerce(settings: Settings, branch: number, role: Role, isWon: boolean): Commerce {
  const random = new Random(settings.seed, streams.commerce, branch)
  const today = settings.todayNumber
  const budgets: Budget[] = []
  const orders: Order[] = []
  const addBudget = (when: When, counts: boolean) =>
    budgets.push(drawBudget(random, branch * MOST_DOCUMENTS + budgets.length + 1, today, when, counts))
  const addOrder = (when: When) => orders.push(drawOrder(random, branch * MOST_DOCUMENTS + orders.length + 1, today, when))
  const mood = random.below(100)
  const hasPast = random.chance(12)

  if (hasPast) addBudget('past', true)
  const hasBudget = role === 'linked' ? mood < 45 || isWon : mood < 3
  if (hasBudget) addBudget(mood < 4 ? 'today' : 'ahead', true)
  else if (mood < 52 && role === 'linked') addBudget('ahead', false)
  const isBudgetPending = role === 'linked' && !isWon && mood < 10

  if (hasPast && random.chance(50)) addOrder('past')
  const isSalePending = role === 'linked' && !isWon && mood >= 10 && mood < 16
  if (isSalePending) addOrder(random.chance(50) ? 'today' : 'ahead')
  else if (isWon && random.chance(60)) addOrder('ahead')

  const budgetCents = budgetCentsOn(budgets, today)
  const orderCents = orderCentsOn(orders, today)
  // Half of the pending budgets were sent before with another value.
  const sentBefore = isBudgetPending && budgetCents !== null && mood % 2 === 0 ? budgetCents + 100 * random.between(1, 5_000) : null
  return {
    budgets,
    orders,
    serviceOrder: random.chance(4)
      ? { number: branch + 1, day: today - random.between(-20, 200), status: random.pick(['A', 'A', 'C', 'F'] as const) }
      : null,
    budgetCents,
    orderCents,
    sentBudgetCents: isBudgetPending ? sentBefore : budgetCents,
    sentOrderCents: isSalePending ? null : orderCents,
  }
}
