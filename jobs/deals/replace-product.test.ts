/** Replacing the amount on a lead, against the simulated CRM: whatever fails, the lead ends with the new product or with the old one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CrmUnavailable } from '../../connectors/crm/errors.ts'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import type { Product, Spotter } from '../../connectors/crm/spotter/types.ts'
import { type CrmSimulator, startCrmSimulator } from '../../lab/simulators/crm/simulator.ts'
import { replaceProduct } from './replace-product.ts'

let folder: string
let simulator: CrmSimulator
let crm: Spotter
const leadId = 7
const old = { productId: 10001, quantity: 1, labelValue: '10.00' }
/** As the CRM shows it, and so as it comes back. */
const shown = { ...old, labelValue: '10' }
const wanted = { productId: 10001, quantity: 1, labelValue: '20.50' }
const soon = { settleMs: 20 }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ponte-product-'))
  simulator = await startCrmSimulator({
    dataDir: folder,
    token: 't',
    quota: null,
    options: {
      catalogue: {
        products: [
          { id: 10001, name: 'Orçamento' },
          { id: 10002, name: 'Outro' },
        ],
      },
    },
  })
  crm = spotter({
    baseUrl: simulator.url,
    token: 't',
    quota: null,
    backoff: { baseMs: 2, factor: 2, maxMs: 10 },
    breaker: { failures: 1_000 },
  })
})
afterEach(async () => {
  await crm.close()
  await simulator.close()
  rmSync(folder, { recursive: true })
})

const given = (products: Product[]) =>
  simulator.load([
    { kind: 'lead', id: leadId, lead: 'Alfa' },
    { kind: 'products', leadId, products },
  ])
const held = () => simulator.state.products(leadId)
const writes = async () => (await simulator.effects({ by: 'api' })).map(({ kind }) => kind)

describe('a lead', () => {
  test('without the product gets it', async () => {
    await given([])
    expect(await replaceProduct(crm, leadId, wanted)).toEqual({ kind: 'added' })
    expect(held()).toEqual([wanted])
  })

  test('with another amount gets the new one; other products stay', async () => {
    const other = { productId: 10002, quantity: 3, labelValue: '1' }
    await given([old, other])
    expect(await replaceProduct(crm, leadId, wanted)).toEqual({ kind: 'replaced' })
    expect(held()).toEqual([other, wanted])
  })

  test.each(['10.00', '10', '10.0', '010.000'])('with the amount 10.00 is left alone when %s is asked for', async (labelValue) => {
    await given([old])
    expect(await replaceProduct(crm, leadId, { ...old, labelValue })).toEqual({ kind: 'unchanged' })
    expect(await writes()).toEqual([])
  })

  test.each([{ labelValue: '100' }, { labelValue: '10.01' }, { quantity: 2 }])('with 1 x 10.00 is changed by %j', async (change) => {
    await given([old])
    expect(await replaceProduct(crm, leadId, { ...old, ...change })).toEqual({ kind: 'replaced' })
  })

  test('with the product twice ends with it once', async () => {
    await given([old, { ...old, labelValue: '11' }])
    expect(await replaceProduct(crm, leadId, old)).toEqual({ kind: 'replaced' })
    expect(held()).toEqual([old])
  })
})

describe('when the CRM refuses', () => {
  test('to remove, nothing has changed', async () => {
    await given([old])
    simulator.setFaults({ errors400: { methods: ['DELETE'] } })
    expect(await replaceProduct(crm, leadId, wanted)).toMatchObject({ kind: 'remove-failed', refusal: 'rejected', status: 400 })
    expect(held()).toEqual([old])
  })

  test('to add, the old product is put back', async () => {
    await given([old])
    simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'], times: 1 } })
    expect(await replaceProduct(crm, leadId, wanted)).toMatchObject({ kind: 'add-failed', refusal: 'rejected', old: 'put-back' })
    expect(held()).toEqual([shown])
  })

  test('to add and to take the old one back, that is said', async () => {
    await given([old])
    simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'] } })
    expect(await replaceProduct(crm, leadId, wanted)).toMatchObject({ kind: 'add-failed', old: 'lost' })
  })

  test('a product on a sold lead, it says so by type', async () => {
    await given([])
    await crm.winLead({ leadId, salesRepEmail: 'a@example.com', ignoreSalesRep: true, products: [] })
    expect(await replaceProduct(crm, leadId, wanted)).toMatchObject({ kind: 'add-failed', refusal: 'already-sold', old: 'none' })
  })

  test('to show the products, they count as not there', async () => {
    await given([])
    simulator.setFaults({ errors400: { methods: ['GET'] } })
    expect(await replaceProduct(crm, leadId, wanted)).toEqual({ kind: 'added' })
  })
})

describe('when answers are lost', () => {
  test('of the removal or of the adding, the effect is looked up and the work goes on', async () => {
    for (const fault of [{ methods: ['DELETE'] }, { paths: ['recommendedProductsAdd'] }]) {
      await given([old])
      simulator.setFaults({ answersLost: { ...fault, times: 1 } })
      expect(await replaceProduct(crm, leadId, wanted, soon)).toEqual({ kind: 'replaced' })
      expect(held()).toEqual([wanted])
    }
  })

  test('and the add had no effect, the old product is put back', async () => {
    await given([old])
    simulator.setFaults({ errors5xx: { paths: ['recommendedProductsAdd'], times: 1 } })
    await expect(replaceProduct(crm, leadId, wanted, soon)).rejects.toBeInstanceOf(CrmUnavailable)
    expect(held()).toEqual([shown])
  })

  test('and the removal had no effect, nothing has changed', async () => {
    await given([old])
    simulator.setFaults({ connectionsReset: { methods: ['DELETE'] } })
    await expect(replaceProduct(crm, leadId, wanted, soon)).rejects.toBeInstanceOf(CrmUnavailable)
    expect(held()).toEqual([old])
    expect(await writes()).toEqual([])
  })
})

test('a lead that could not be read is not written', async () => {
  await given([old])
  simulator.setFaults({ errors5xx: { methods: ['GET'] } })
  await expect(replaceProduct(crm, leadId, wanted)).rejects.toMatchObject({ code: 'crm.unavailable', inDoubt: false })
  expect(await writes()).toEqual([])
})

test('a worker that lost its right to write sends nothing', async () => {
  await given([old])
  await expect(replaceProduct(crm, leadId, wanted, { mayStart: () => false })).rejects.toMatchObject({ code: 'crm.unavailable' })
  expect(await writes()).toEqual([])
})
