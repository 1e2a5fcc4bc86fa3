import type { z } from 'zod'
import { commit, leadKey } from '../state/crm.ts'
import type { LeadRow } from '../state/model.ts'
import { type Call, withBody } from './call.ts'
import { answersBody, type ProductDto, productsBody, saleBody } from './dto.ts'
import { idReply, type Reply, refuse } from './reply.ts'

const sold = 'Lead is sold'

/** POST leadsWon: 201, once per lead; the stage moves to the won one. */
export const winLead = withBody(saleBody, (call: Call, body: z.output<typeof saleBody>): Reply => {
  const { crm } = call
  const held = crm.state.lead(body.leadId)
  if (!held) return refuse('Lead not found')
  if (crm.state.sale(held.id)) return refuse(sold)
  if (hasUnknownProduct(call, body.products)) return refuse('Product not found')
  const { sellers, wonStage } = crm.catalogue
  const seller = body.salesRepEmail ?? null
  if (body.ignoreSalesRep !== true && (!seller || (sellers !== null && !sellers.includes(seller)))) return refuse('Sales rep not found')
  const time = crm.clock.next()
  const lead: LeadRow = { ...held, stage: wonStage, salesRepEmail: seller ?? held.salesRepEmail, updateDate: time }
  const sale = { leadId: held.id, saleDate: time, salesRepEmail: seller, products: body.products }
  commit(crm, { kind: 'won', id: held.id, key: leadKey(held), body: call.body, time, after: { lead, sale } })
  return idReply(201, held.id)
})

/** POST leadsQualification: 201. Enough different questions answered move a lead up to the qualified stage. */
export const qualifyLead = withBody(answersBody, (call: Call, body: z.output<typeof answersBody>): Reply => {
  const { crm } = call
  const held = crm.state.lead(body.leadId)
  if (!held) return refuse('Lead not found')
  const { stages, qualifiedStage, questionsToQualify } = crm.catalogue
  const answered = [...new Set([...held.answered, ...body.answersList.map(({ questionId }) => questionId)])]
  const rises = answered.length >= questionsToQualify && stages.indexOf(held.stage) < stages.indexOf(qualifiedStage)
  const time = crm.clock.next()
  const lead: LeadRow = { ...held, answered, stage: rises ? qualifiedStage : held.stage, updateDate: time }
  commit(crm, { kind: 'qualified', id: held.id, key: leadKey(held), body: call.body, time, after: { lead } })
  return idReply(201, held.id)
})

/** POST recommendedProductsAdd: 201; a sold lead takes no more. */
export const addProducts = withBody(productsBody, (call: Call, body: z.output<typeof productsBody>): Reply => {
  const { crm } = call
  const lead = crm.state.lead(body.leadId)
  if (!lead) return refuse('Lead not found')
  if (crm.state.sale(lead.id)) return refuse(sold)
  if (hasUnknownProduct(call, body.products)) return refuse('Product not found')
  const held = crm.state.products(lead.id)
  const repeated = body.products.some(({ productId }) => held.some((product) => product.productId === productId))
  if (repeated && crm.policies.repeatedProduct === 'refuse') return refuse('Product is already recommended')
  const products = { leadId: lead.id, products: [...held, ...body.products] }
  commit(crm, { kind: 'productAdded', id: lead.id, key: leadKey(lead), body: call.body, after: { products } })
  return idReply(201, lead.id)
})

/** DELETE recommendedProductsRemove/{leadId}?productId=n: 204. */
export function removeProduct(call: Call): Reply {
  const { crm, params } = call
  const lead = crm.state.lead(call.id)
  if (!lead) return refuse('Lead not found')
  if (crm.state.sale(lead.id)) return refuse(sold)
  const productId = Number(params.get('productId') ?? Number.NaN)
  const held = crm.state.products(lead.id)
  const kept = held.filter((product) => product.productId !== productId)
  if (kept.length === held.length) return refuse('Product not found')
  const products = { leadId: lead.id, products: kept }
  commit(crm, { kind: 'productRemoved', id: lead.id, key: leadKey(lead), body: { leadId: lead.id, productId }, after: { products } })
  return { status: 204 }
}

function hasUnknownProduct({ crm }: Call, products: readonly ProductDto[]): boolean {
  return products.some(({ productId }) => !crm.catalogue.products.some(({ id }) => id === productId))
}
