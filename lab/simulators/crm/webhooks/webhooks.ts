import type { Effect, LeadRow } from '../state/model.ts'
import type { CrmState } from '../state/state.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { type WebhookEvent, type WebhookType, webhookType, webhookTypes } from './event.ts'
import { createFatePlanner, type FatePlanner } from './faults.ts'
import { payload } from './payload.ts'
import { payloadV2 } from './payload-v2.ts'
import { type WebhookSettings, webhookSettingsSchema } from './settings.ts'
import { createTally, type WebhookCounts } from './tally.ts'

export interface WebhookReport extends WebhookCounts {
  /** Where they go; null: off. Secrets are never shown. */
  readonly baseUrl: string | null
  /** `disabled`: the receiver answered 410; new settings end it. */
  readonly byType: Readonly<Record<WebhookType, WebhookCounts & { readonly disabled: boolean }>>
  /** How often each fault has struck since the settings came. */
  readonly struck: Readonly<Record<string, number>>
}

/**
 * The CRM's webhooks, from effect to receiver:
 *
 *   commit ─> noted: what it says, as things stand now ─> on disk ─> saved: meets its fate ─> delivery
 *
 * So no webhook tells of something that a crash could still undo. After a crash nothing is made up for: missed webhooks, as from any CRM.
 */
export interface Webhooks {
  /** Replaces all settings; null: off, and what waits has failed. Throws ZodError, changing nothing. */
  set(settings: unknown): void
  /** An effect has just been applied; `before` is its lead as it was. */
  noted(effect: Effect, before: LeadRow | undefined): void
  saved(effect: Effect): void
  report(): WebhookReport
  /** Sends at once what is held back or delayed; resolves when nothing waits. */
  flush(): Promise<void>
  /** Back to the settings of the start; counts begin anew, what waits is forgotten. */
  reset(): void
  close(): void
}

export interface WebhooksOptions {
  readonly state: CrmState
  readonly stages: readonly string[]
  readonly seed: number
  /** Settings to start with, null: off. Throws ZodError. */
  readonly initial: unknown
}

export function createWebhooks({ state, stages, seed, initial }: WebhooksOptions): Webhooks {
  let on: { readonly settings: WebhookSettings; readonly planner: FatePlanner; readonly delivery: Delivery } | null = null
  let tally = createTally()
  const events = new Map<number, WebhookEvent>()

  function set(given: unknown): void {
    const settings = given === null ? null : webhookSettingsSchema.parse(given)
    if (settings === null) {
      on?.delivery.stop()
      on = null
      return
    }
    const delivery = on?.delivery ?? createDelivery(settings, tally)
    delivery.use(settings)
    on = { settings, planner: createFatePlanner(settings.faults, seed), delivery }
  }

  set(initial)
  return {
    set,
    noted(effect, before) {
      if (on === null) return
      const type = webhookType(effect, before, { stages, ...on.settings })
      const { lead } = effect.after
      if (type !== null && lead) events.set(effect.seq, { type, lead, persons: state.personsOf(lead.id) })
    },
    saved({ seq }) {
      const event = events.get(seq)
      events.delete(seq)
      if (on === null || !event) return
      const { settings, planner, delivery } = on
      const fate = planner.next(event.type)
      tally.add(event.type, { events: 1, lost: fate.lost ? 1 : 0 })
      if (fate.lost) return
      const body = fate.v2 ? payloadV2(event) : payload(event, settings.nulls)
      delivery.send({ type: event.type, leadId: event.lead.id, body, fate })
    },
    report() {
      const byType = Object.fromEntries(
        webhookTypes.map((type) => [type, { ...tally.byType[type], disabled: on?.delivery.disabled.has(type) ?? false }]),
      ) as WebhookReport['byType']
      return { baseUrl: on?.settings.baseUrl ?? null, ...tally.total, byType, struck: { ...on?.planner.struck } }
    },
    async flush() {
      await on?.delivery.flush()
    },
    reset() {
      on?.delivery.stop()
      on = null
      events.clear()
      tally = createTally()
      set(initial)
    },
    close() {
      on?.delivery.stop()
      on = null
    },
  }
}
