import { describe, expect, it } from 'vitest'
import type { Running } from '../testing.ts'
import { withWebhooks } from './testing.ts'

const lead = {
  name: "Padaria d'Água",
  cpfcnpj: '00123456000199',
  industry: 'Varejo',
  source: 'ERP',
  ddiPhone: '+55',
  phone: '(41) 3333-4444',
  address: 'Rua das Flores',
  addressNumber: '12',
  addressComplement: 'sala 3',
  neighborhood: 'Centro',
  zipcode: '80000-000',
  city: 'Curitiba',
  state: 'PR',
}
const customFields = [
  { id: '_cod.gestores', options: [{ value: '12' }] },
  { id: '_cod.cliente', value: '' },
]
const answers = (questionId: number) => ({ leadId: 1, answersList: [{ questionId, questionType: '2', answersIds: [1] }] })
/** Leads 1 and 2 at the first stage, without a webhook. */
const twoLeads = async ({ crm }: Running) => {
  await crm.load([
    { kind: 'lead', id: 1, lead: 'Um', stage: 'Novos leads' },
    { kind: 'lead', id: 2, lead: 'Dois', stage: 'Ativação' },
  ])
}

describe('a webhook is sent', () => {
  type Act = (running: Running) => Promise<unknown>
  const edit =
    (id: number, body: object): Act =>
    ({ control }) =>
      control('POST', `leads/${id}`, body)
  it.each<[string, Act, string[]]>([
    ['a field changed by a user', edit(1, { city: 'Lapa' }), ['/atualizalead 1']],
    ['nothing changed, only touched', edit(1, {}), ['/atualizalead 1']],
    ['a field changed through the API', ({ ask }) => ask('PUT', 'LeadsUpdate/1', { lead: { city: 'Lapa' } }), ['/atualizalead 1']],
    ['the same stage written again', edit(2, { stage: 'Ativação' }), ['/atualizalead 2']],
    ['a stage changed', edit(1, { stage: 'Pesquisa (filtro 1)' }), ['/convertedlead 1']],
    ['a stage gone back', edit(2, { stage: 'Novos leads' }), ['/convertedlead 2']],
    ['discarded', edit(2, { stage: 'Descartado' }), ['/leaddescartada 2']],
    [
      'changed while discarded',
      async (running) => {
        await edit(2, { stage: 'Descartado' })(running)
        await edit(2, { city: 'Lapa' })(running)
      },
      ['/leaddescartada 2', '/atualizalead 2'],
    ],
    [
      'brought back',
      async (running) => {
        await edit(2, { stage: 'Descartado' })(running)
        await edit(2, { stage: 'Ativação' })(running)
      },
      ['/leaddescartada 2', '/convertedlead 2'],
    ],
    ['won', ({ ask }) => ask('POST', 'leadsWon', { leadId: 1, ignoreSalesRep: true, products: [] }), ['/convertedlead 1']],
    [
      'won where it already stood',
      ({ ask }) => ask('POST', 'leadsWon', { leadId: 2, ignoreSalesRep: true, products: [] }),
      ['/atualizalead 2'],
    ],
    [
      'questions answered until it is qualified',
      async ({ ask }) => {
        for (const question of [1, 2, 3]) await ask('POST', 'leadsQualification', answers(question))
      },
      ['/atualizalead 1', '/atualizalead 1', '/convertedlead 1'],
    ],
    [
      'typed in at an integrated stage',
      ({ control }) => control('POST', 'leads', { lead: 'Nova', stage: 'Retenção/Expansão' }),
      ['/convertedlead 3'],
    ],
    ['typed in at an earlier stage', ({ control }) => control('POST', 'leads', { lead: 'Nova', stage: 'Passagem de bastão' }), []],
    ['typed in at a stage that nobody knows', ({ control }) => control('POST', 'leads', { lead: 'Nova', stage: 'Outra' }), []],
    ['added through the API', ({ ask }) => ask('POST', 'LeadsAdd', { lead: { name: 'Nova', stage: 'Ativação' } }), []],
    ['deleted', ({ control }) => control('DELETE', 'leads/2'), []],
    ['a refused update', ({ ask }) => ask('PUT', 'LeadsUpdate/1', { lead: { name: ' ' } }), []],
    [
      'persons added and changed',
      async ({ ask, control }) => {
        await ask('POST', 'personsAdd', { leadId: 2, name: 'Zé' })
        await control('POST', 'leads/2/persons', { name: 'Bia' })
        await ask('PUT', 'PersonsUpdate/1', { name: 'José' })
        await control('POST', 'persons/2', { jobTitle: 'Sócia' })
        await control('DELETE', 'persons/1')
      },
      [],
    ],
    [
      'a recommended product',
      async ({ ask }) => {
        await ask('POST', 'recommendedProductsAdd', { leadId: 2, products: [{ productId: 10001, quantity: 1, labelValue: '1.50' }] })
        await ask('DELETE', 'recommendedProductsRemove/2?productId=10001')
      },
      [],
    ],
    [
      'a load and a reset',
      async ({ crm }) => {
        await crm.load([{ kind: 'lead', id: 1, lead: 'Um', stage: 'Ativação' }])
        await crm.reset()
      },
      [],
    ],
  ])('%s', (_what, act, expected) =>
    withWebhooks({}, async (wired) => {
      await twoLeads(wired)
      await act(wired)
      await wired.crm.flushWebhooks()
      expect(wired.receiver.received.map(({ path, json }) => `${path} ${json.Lead.Id}`)).toEqual(expected)
      expect(wired.crm.webhooks().events).toBe(wired.crm.webhooks().delivered)
    }),
  )

  it("to paths and by stages of the tenant's own naming", () =>
    withWebhooks(
      { paths: { discarded: 'hooks/lost' }, discardedStage: 'Novos leads', integratedFrom: 'Passagem de bastão' },
      async ({ crm, control, receiver }) => {
        await control('POST', 'leads', { lead: 'Nova', stage: 'Passagem de bastão' })
        await control('POST', 'leads/1', { stage: 'Novos leads' })
        await crm.flushWebhooks()
        expect(receiver.received.map(({ path }) => path)).toEqual(['/convertedlead', '/hooks/lost'])
      },
    ))

  it('only while there are settings', () =>
    withWebhooks({}, async ({ crm, control, receiver, use }) => {
      crm.setWebhooks(null)
      await control('POST', 'leads', { lead: 'x', stage: 'Ativação' })
      use()
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      crm.setWebhooks(null)
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      expect(receiver.received.map(({ path }) => path)).toEqual(['/atualizalead'])
      expect(crm.webhooks()).toMatchObject({ baseUrl: null, events: 1, delivered: 1 })
    }))
})

describe('the body', () => {
  it('is the whole object with all persons as they were at that moment', () =>
    withWebhooks({}, async ({ crm, ask, control, receiver }) => {
      await ask('POST', 'LeadsAdd', { lead: { ...lead, customFields } })
      await ask('POST', 'personsAdd', { leadId: 1, name: 'Zé', email: 'ze@example.com', phone1: '41 9', jobTitle: 'Dono' })
      await control('POST', 'leads/1/persons', { name: 'Bia' })
      await control('POST', 'leads/1', { stage: 'Desenvolvimento/Orçamento' })
      await control('DELETE', 'persons/1')
      await control('POST', 'leads/1', { city: 'Lapa' })
      await crm.flushWebhooks()
      const [first, second] = receiver.received
      expect(first!.headers['content-type']).toBe('application/json')
      expect(first!.json).toEqual({
        Lead: {
          Id: 1,
          Company: "Padaria d'Água",
          Stage: 'Desenvolvimento/Orçamento',
          CpfCnpj: '00123456000199',
          Phone: '554133334444',
          Industry: { value: 'Varejo' },
          Origin: { value: 'ERP' },
          Address: {
            Address_Maps: 'Rua das Flores, 12 - Centro',
            ZipCode: '80000-000',
            AddAddressInformation: 'sala 3',
            City: 'Curitiba',
            State: 'PR',
            PublicPlaceName: 'Rua das Flores',
          },
          CustomFields: [
            { id: '_cod.gestores', value: '12' },
            { id: '_cod.cliente', value: '' },
          ],
          Contact: [
            { Id: 1, LeadId: 1, Name: 'Zé', Email: 'ze@example.com', Phone: '419', Position: 'Dono' },
            { Id: 2, LeadId: 1, Name: 'Bia' },
          ],
        },
      })
      expect(second!.json.Lead).toMatchObject({ Address: { City: 'Lapa' }, Contact: [{ Id: 2 }] })
      expect(second!.json.Lead.Contact).toHaveLength(1)
    }))

  it.each([
    [{ street: 'Rua A', number: '1', district: 'Sé' }, 'Rua A, 1 - Sé'],
    [{ street: 'Rua A', number: null, district: 'Sé' }, 'Rua A - Sé'],
    [{ street: 'Rua A', number: '', district: null }, 'Rua A'],
    [{ street: null, number: null, district: 'Sé' }, 'Sé'],
    [{ street: null, number: null, district: null }, undefined],
  ])('says the address of %j in one line', (address, expected) =>
    withWebhooks({}, async ({ crm, control, receiver }) => {
      await control('POST', 'leads', { lead: 'x', stage: 'Ativação', ...address })
      await crm.flushWebhooks()
      expect(receiver.received[0]!.json.Lead.Address?.Address_Maps).toBe(expected)
    }),
  )

  it('leaves out what a lead does not have, or sends it as null', () =>
    withWebhooks({}, async ({ crm, control, receiver, use }) => {
      await control('POST', 'leads', { lead: 'Vazia', stage: 'Ativação', customFields: { '_cod.gestores': [] } })
      await control('POST', 'leads/1/persons', { name: 'Zé' })
      await crm.flushWebhooks()
      expect(receiver.received[0]!.json).toEqual({
        Lead: { Id: 1, Company: 'Vazia', Stage: 'Ativação', CustomFields: [], Contact: [] },
      })
      use({ nulls: 'send' })
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      expect(receiver.received[1]!.json.Lead).toEqual({
        ...{ Id: 1, Company: 'Vazia', Stage: 'Ativação', CpfCnpj: null, Phone: null },
        ...{ Industry: { value: null }, Origin: { value: null } },
        Address: { Address_Maps: null, ZipCode: null, AddAddressInformation: null, City: null, State: null, PublicPlaceName: null },
        CustomFields: [{ id: '_cod.gestores', value: null }],
        Contact: [{ Id: 1, LeadId: 1, Name: 'Zé', Email: null, Phone: null, Position: null }],
      })
    }))
})
