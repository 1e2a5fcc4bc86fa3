/**
 * The amount of a budget stands on a lead as a recommended product, and the CRM can only add and remove (E.1 #20).
 * So a change is remove, then add; when the add fails, the old product is put back.
 *
 * Killed between the two, the lead is left without the product. The same call made again finds none and adds the new one, so a caller
 * that repeats what did not answer (a job, because its view still differs) ends right.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { plainDecimal } from '../../base/decimal.ts'
import { PonteError } from '../../base/error.ts'
import { CrmUnavailable } from '../../connectors/crm/errors.ts'
import type { CrmResult, Product, RecommendedProduct, Refusal, Spotter, WriteGuard } from '../../connectors/crm/spotter/types.ts'

export type Replaced =
  /** The lead has exactly this product already: nothing was sent. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'added' }
  | { readonly kind: 'replaced' }
  /** The CRM keeps the old product: nothing has changed. */
  | { readonly kind: 'remove-failed'; readonly refusal: Refusal['kind']; readonly status: number; readonly message: string }
  /** none: there was no old product. lost: it could not be put back, because the CRM did not show its values or refused them too. */
  | {
      readonly kind: 'add-failed'
      readonly refusal: Refusal['kind']
      readonly status: number
      readonly message: string
      readonly old: 'none' | 'put-back' | 'lost'
    }

export interface ReplaceOptions extends WriteGuard {
  /** How long an effect whose answer was lost may still be under way, milliseconds. Default 5,000. */
  readonly settleMs?: number
}

/**
 * Makes `product` the lead's only one with that product id.
 * @throws CrmUnavailable when the CRM does not work: after a lost answer this looks whether the effect came all the same, and after an add
 *   that did not, tries to put the old product back. Throws what reading throws.
 */
export async function replaceProduct(
  crm: Spotter,
  leadId: number,
  product: Product,
  { settleMs = 5_000, ...guard }: ReplaceOptions = {},
): Promise<Replaced> {
  const held = async () => (await recommended(crm, leadId)).filter((one) => one.productId === product.productId)
  const old = await held()
  if (old.length === 1 && isSame(old[0]!, product)) return { kind: 'unchanged' }

  if (old.length > 0) {
    const removed = await settled(
      () => crm.removeRecommendedProduct(leadId, product.productId, guard),
      async () => (await held()).length === 0,
      settleMs,
    )
    // Not found: somebody removed it since we looked.
    if (!removed.ok && removed.refusal !== 'not-found') return { ...failure(removed), kind: 'remove-failed' }
  }

  const putBack = () => restore(crm, leadId, old, guard)
  const added = await settled(
    () => crm.addRecommendedProducts(leadId, [product], guard),
    async () => (await held()).some((one) => isSame(one, product)),
    settleMs,
  ).catch(async (error) => {
    await putBack().catch(() => {})
    throw error
  })
  if (added.ok) return { kind: old.length > 0 ? 'replaced' : 'added' }
  return { ...failure(added), kind: 'add-failed', old: await putBack() }
}

/** What the CRM does not want to show counts as not there, as it always did: the add then tells. */
async function recommended(crm: Spotter, leadId: number): Promise<readonly RecommendedProduct[]> {
  try {
    return await crm.recommendedProducts(leadId)
  } catch (error) {
    if (error instanceof PonteError && error.code === 'crm.read_refused') return []
    throw error
  }
}

/** A write whose answer was lost counts as done when, after the settling time, its effect is there. */
async function settled(write: () => Promise<CrmResult<void>>, isDone: () => Promise<boolean>, settleMs: number): Promise<CrmResult<void>> {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof CrmUnavailable) || !error.inDoubt) throw error
    await sleep(settleMs)
    if (await isDone()) return { ok: true, value: undefined }
    throw error
  }
}

async function restore(
  crm: Spotter,
  leadId: number,
  old: readonly RecommendedProduct[],
  guard: WriteGuard,
): Promise<'none' | 'put-back' | 'lost'> {
  if (old.length === 0) return 'none'
  const known = old.flatMap(({ productId, quantity, labelValue }) =>
    quantity === null || labelValue === null ? [] : [{ productId, quantity, labelValue }],
  )
  if (known.length < old.length) return 'lost'
  return (await crm.addRecommendedProducts(leadId, known, guard)).ok ? 'put-back' : 'lost'
}

function failure(result: CrmResult<void> & { ok: false }) {
  const { refusal, status, message } = result
  return { refusal, status, message }
}

function isSame(held: RecommendedProduct, wanted: Product): boolean {
  return held.quantity === wanted.quantity && held.labelValue !== null && plainDecimal(held.labelValue) === plainDecimal(wanted.labelValue)
}
