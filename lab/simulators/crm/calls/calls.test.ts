import { describe, expect, it } from 'vitest'
import { type Ask, query, type Running, withSimulator } from '../testing.ts'

const products = [{ productId: 10001, quantity: 2, labelValue: '1234.56' }]
const answers = (...ids: number[]) => ({
  leadId: 1,
  answersList: ids.map((id) => ({ questionId: 100000 + id, questionType: '2', answersIds: [200000 + id] })),
})
const sale = { leadId: 1, salesRepEmail: 'sales@example.com', ignoreSalesRep: false, products }

/** A simulator with lead 1 in it. */
function withLead(use: (running: Running) => Promise<void>): Promise<void> {
  return withSimulator({}, async (running) => {
    await running.ask('POST', 'LeadsAdd', { lead: { name: 'Empresa', cpfcnpj: '1' } })
    await use(running)
  })
}
const message = async (answer: ReturnType<Ask>) => {
  const { status, json } = await answer
  return [status, json.error.message]
}

describe('persons', () => {
  it('adds with 201, shows mainContact as text, updates with 200 what was sent', () =>
    withLead(async ({ ask, crm }) => {
      const person = { leadId: '1', name: 'Zé', email: 'ze@example.com', phone1: '41 9999', jobTitle: 'Dono', mainContact: true }
      const added = await ask('POST', 'personsAdd', person)
      expect([added.status, added.json.value]).toEqual([201, 1])
      const touched = crm.state.lead(1)!.updateDate
      const updated = await ask('PUT', 'PersonsUpdate/1', { name: 'José', mainContact: 'false' })
      expect(updated.status).toBe(200)
      const shown = { id: 1, leadId: 1, name: 'José', email: 'ze@example.com', phone1: '419999', jobTitle: 'Dono', mainContact: 'false' }
      expect((await ask('GET', 'Persons/1')).json.value).toEqual([shown])
      expect((await ask('GET', `Persons?${query({ filter: "email eq 'ze@example.com'" })}`)).json.value).toEqual([shown])
      expect(crm.state.lead(1)!.updateDate).toBe(touched)
    }))

  it('adds the same person twice when asked twice: there is no idempotency key', () =>
    withLead(async ({ ask, crm }) => {
      for (let turn = 0; turn < 2; turn += 1) await ask('POST', 'personsAdd', { leadId: 1, name: 'Zé', email: 'Ze@example.com' })
      const effects = await crm.effects({ kind: 'personAdded' })
      expect(effects.map(({ key }) => key)).toEqual(['1:ze@example.com', '1:ze@example.com'])
      expect(new Set(effects.map(({ digest }) => digest)).size).toBe(1)
    }))

  it('answers an empty list for a lead without persons', () =>
    withLead(async ({ ask }) => {
      expect((await ask('GET', 'Persons/1')).json.value).toEqual([])
    }))

  it('refuses what it cannot place', () =>
    withLead(async ({ ask }) => {
      expect(await message(ask('POST', 'personsAdd', { leadId: 2, name: 'Zé' }))).toEqual([400, 'Lead not found'])
      expect(await message(ask('POST', 'personsAdd', { name: 'Zé' }))).toEqual([400, 'Lead not found'])
      expect(await message(ask('POST', 'personsAdd', { leadId: 1 }))).toEqual([400, 'name : The name field is required.'])
      expect(await message(ask('POST', 'personsAdd', { leadId: 1, name: 5 }))).toEqual([400, 'dto : An error has occurred'])
      expect(await message(ask('PUT', 'PersonsUpdate/9', { name: 'Zé' }))).toEqual([400, 'Person not found'])
    }))
})

describe('leadsWon and LeadsSold', () => {
  it('sells once with 201, moves the lead to Ativação and lists the sale', () =>
    withLead(async ({ ask }) => {
      expect((await ask('POST', 'leadsWon', sale)).status).toBe(201)
      expect(await message(ask('POST', 'leadsWon', sale))).toEqual([400, 'Lead is sold'])
      const sold = (await ask('GET', `LeadsSold?${query({ filter: 'leadId eq 1' })}`)).json.value
      expect(sold).toMatchObject([{ leadId: 1, products: [{ id: 10001, quantity: 2, finalValue: 2469.12 }] }])
      const [lead] = (await ask('GET', 'Leads')).json.value
      expect([lead.stage, lead.salesRep.email, lead.updateDate]).toEqual(['Ativação', 'sales@example.com', sold[0].saleDate])
    }))

  it('refuses unknown leads, products and sellers', () =>
    withLead(async ({ ask }) => {
      expect(await message(ask('POST', 'leadsWon', { ...sale, leadId: 2 }))).toEqual([400, 'Lead not found'])
      expect(await message(ask('POST', 'leadsWon', { ...sale, products: [{ ...products[0], productId: 5 }] }))).toEqual([
        400,
        'Product not found',
      ])
      expect(await message(ask('POST', 'leadsWon', { ...sale, salesRepEmail: '' }))).toEqual([400, 'Sales rep not found'])
      expect(await message(ask('POST', 'leadsWon', { leadId: 1 }))).toEqual([400, 'dto : An error has occurred'])
      expect((await ask('POST', 'leadsWon', { ...sale, salesRepEmail: '', ignoreSalesRep: true })).status).toBe(201)
    }))

  it('takes only listed sellers when the tenant has a list', () =>
    withSimulator({ options: { catalogue: { sellers: ['a@example.com'] } } }, async ({ ask }) => {
      await ask('POST', 'LeadsAdd', { lead: { name: 'Empresa' } })
      expect(await message(ask('POST', 'leadsWon', sale))).toEqual([400, 'Sales rep not found'])
      expect((await ask('POST', 'leadsWon', { ...sale, salesRepEmail: 'a@example.com' })).status).toBe(201)
    }))
})

describe('leadsQualification', () => {
  it('moves the lead to Passagem de bastão once three different questions are answered', () =>
    withLead(async ({ ask, crm }) => {
      for (const id of [1, 2, 2]) expect((await ask('POST', 'leadsQualification', answers(id))).status).toBe(201)
      expect(crm.state.lead(1)!.stage).toBe('Novos leads')
      await ask('POST', 'leadsQualification', answers(3))
      expect(crm.state.lead(1)!.stage).toBe('Passagem de bastão')
    }))

  it('never moves a lead down', () =>
    withLead(async ({ ask, crm }) => {
      await ask('POST', 'leadsWon', sale)
      await ask('POST', 'leadsQualification', answers(1, 2, 3))
      expect(crm.state.lead(1)!.stage).toBe('Ativação')
    }))

  it('refuses an unknown lead and a body without answers', () =>
    withLead(async ({ ask }) => {
      expect(await message(ask('POST', 'leadsQualification', { ...answers(1), leadId: 2 }))).toEqual([400, 'Lead not found'])
      expect(await message(ask('POST', 'leadsQualification', answers()))).toEqual([400, 'dto : An error has occurred'])
    }))
})

describe('recommendedProducts', () => {
  it('adds with 201, lists, removes with 204 and no body', () =>
    withLead(async ({ ask }) => {
      expect((await ask('POST', 'recommendedProductsAdd', { leadId: 1, products })).status).toBe(201)
      expect((await ask('GET', 'recommendedProducts/1')).json.value).toMatchObject([{ productId: 10001, labelValue: 1234.56 }])
      expect((await ask('GET', 'recommendedProducts')).json.value).toHaveLength(1)
      const removed = await ask('DELETE', 'recommendedProductsRemove/1?productId=10001')
      expect([removed.status, removed.text]).toEqual([204, ''])
      expect((await ask('GET', 'recommendedProducts/1')).json.value).toEqual([])
    }))

  it('refuses a repeated product, or lists it twice by policy', () =>
    withLead(async ({ ask, crm }) => {
      const add = () => ask('POST', 'recommendedProductsAdd', { leadId: 1, products })
      await add()
      expect(await message(add())).toEqual([400, 'Product is already recommended'])
      crm.setPolicies({ repeatedProduct: 'accept' })
      await add()
      expect(crm.state.products(1)).toHaveLength(2)
    }))

  it('refuses unknown leads and products, and everything on a sold lead', () =>
    withLead(async ({ ask }) => {
      expect(await message(ask('POST', 'recommendedProductsAdd', { leadId: 2, products }))).toEqual([400, 'Lead not found'])
      expect(await message(ask('DELETE', 'recommendedProductsRemove/1?productId=10001'))).toEqual([400, 'Product not found'])
      expect(await message(ask('DELETE', 'recommendedProductsRemove/1'))).toEqual([400, 'Product not found'])
      await ask('POST', 'leadsWon', sale)
      expect(await message(ask('POST', 'recommendedProductsAdd', { leadId: 1, products }))).toEqual([400, 'Lead is sold'])
      expect(await message(ask('DELETE', 'recommendedProductsRemove/1?productId=10001'))).toEqual([400, 'Lead is sold'])
    }))
})

describe('the rest of the surface', () => {
  it('shows the representatives as options of _cod.gestores', () =>
    withSimulator({}, async ({ ask }) => {
      const found = (await ask('GET', `CustomFields?${query({ filter: "key eq '_cod.gestores'" })}`)).json.value
      expect(found).toHaveLength(1)
      expect(found[0].options.map(({ value }: { value: string }) => value)).toContain('99')
    }))

  it.each(['/v3/leads', '/api/v1/LEADS', '/Leads', '/some/other/base/Leads/'])('answers at %s', (path) =>
    withLead(async ({ ask }) => {
      expect((await ask('GET', path)).json.value).toHaveLength(1)
    }),
  )

  it.each([
    ['POST', 'Leads'],
    ['GET', 'LeadsAdd'],
    ['POST', 'LeadsUpdate'],
    ['GET', 'Leads/1'],
    ['GET', 'nothing'],
    ['GET', ''],
    ['PATCH', 'Leads'],
    ['GET', 'constructor'],
  ])('answers 404 to %s %s', (method, path) =>
    withLead(async ({ ask }) => {
      expect(await message(ask(method, path))).toEqual([404, 'No HTTP resource was found that matches the request URI.'])
    }),
  )

  it.each([undefined, '', 'wrong'])('answers 401 to the token %s, before anything else', (token_exact) =>
    withSimulator({}, async ({ ask, crm }) => {
      const headers: Record<string, string> = token_exact === undefined ? {} : { token_exact }
      expect(await message(ask('POST', 'LeadsAdd', { lead: { name: 'x' } }, headers))).toEqual([401, 'Unauthorized'])
      expect(crm.state.counts.leads).toBe(0)
      expect(crm.requests().authenticated).toBe(0)
    }),
  )

  it('answers 413 to a body above 1 MiB', () =>
    withSimulator({}, async ({ ask, crm }) => {
      expect((await ask('POST', 'LeadsAdd', { lead: { name: 'x'.repeat(1_100_000) } })).status).toBe(413)
      expect(crm.state.counts.leads).toBe(0)
    }))

  it('gives every effect a later time than all before, even within one millisecond', () =>
    withSimulator({}, async ({ ask, crm }) => {
      await Promise.all(Array.from({ length: 50 }, (_, index) => ask('POST', 'LeadsAdd', { lead: { name: `n${index}` } })))
      const times = (await crm.effects()).map(({ time }) => time)
      expect(times).toEqual([...new Set(times)].sort())
      expect(times).toHaveLength(50)
    }))
})
