import { describe, expect, it } from 'vitest'
import { type Wired, withWebhooks } from './testing.ts'

const secret = Buffer.alloc(32, 1).toString('base64')

describe('the control API of webhooks', () => {
  it('replaces settings, shows counts by type but no secret, flushes, and switches off', () =>
    withWebhooks({}, async ({ control, crm, receiver }) => {
      crm.setWebhooks(null)
      expect((await control('GET', 'webhooks')).json).toMatchObject({ baseUrl: null, events: 0 })
      const settings = {
        baseUrl: receiver.url,
        token: 'a-token',
        secret,
        pathSecret: 'a-path',
        faults: { delayMs: 600_000, v2: { times: 1 } },
      }
      expect((await control('PUT', 'webhooks', settings)).status).toBe(200)
      await control('POST', 'leads', { lead: 'x', stage: 'Ativação' })
      await control('POST', 'leads/1', {})
      expect((await control('GET', 'webhooks')).json).toMatchObject({ events: 2, waiting: 2, sent: 0 })
      const flushed = await control('POST', 'webhooks/flush')
      expect(flushed.json).toMatchObject({
        ...{ baseUrl: receiver.url, events: 2, repeated: 0, lost: 0, sent: 2, delivered: 2, failed: 0, waiting: 0 },
        byType: { converted: { delivered: 1, disabled: false }, updated: { delivered: 1 }, discarded: { events: 0 } },
        struck: { delayMs: 2, v2: 1 },
      })
      for (const hidden of ['a-token', secret, 'a-path']) expect(flushed.text).not.toContain(hidden)
      for (const wrong of [{}, { baseUrl: 'x' }, { ...settings, faults: { lose: 2 } }, '{', []]) {
        expect((await control('PUT', 'webhooks', wrong)).status).toBe(400)
      }
      expect((await control('GET', 'webhooks')).json.baseUrl).toBe(receiver.url)
      expect((await control('PUT', 'webhooks', 'null')).json).toMatchObject({ baseUrl: null, delivered: 2 })
      expect((await control('POST', 'webhooks/flush')).status).toBe(200)
    }))

  it('puts back with a reset what was set at the start', () =>
    withWebhooks({}, async ({ control, receiver }) => {
      await control('POST', 'leads', { lead: 'x', stage: 'Ativação' })
      await control('POST', 'webhooks/flush')
      await control('PUT', 'webhooks', 'null')
      await control('POST', 'reset', {})
      expect((await control('GET', 'webhooks')).json).toMatchObject({ baseUrl: receiver.url, events: 0, delivered: 0 })
      await control('POST', 'leads', { lead: 'y', stage: 'Ativação' })
      await control('POST', 'webhooks/flush')
      expect(receiver.received.map(({ json }) => json.Lead.Company)).toEqual(['x', 'y'])
    }))
})

describe('a person changed by a user', () => {
  const bodies = async ({ crm, receiver }: Wired) => {
    await crm.flushWebhooks()
    return receiver.received.map(({ path, json }) => [path, json.Lead.Contact.map(({ Name }: { Name: string }) => Name)])
  }

  it('is told with its lead when the lead is touched, each time with the contacts as they are then', () =>
    withWebhooks({}, async (wired) => {
      const { control, crm } = wired
      await control('POST', 'leads', { lead: 'x', stage: 'Novos leads' })
      const before = crm.state.lead(1)!
      await control('POST', 'leads/1/persons', { name: 'Zé' })
      expect(crm.state.lead(1)).toBe(before)
      expect((await control('POST', 'leads/1/persons', { name: 'Bia', touchLead: true })).json).toEqual({
        ...{ id: 2, leadId: 1, name: 'Bia', email: null, phone1: null, jobTitle: null, mainContact: false },
      })
      await control('POST', 'persons/1', { name: 'José', touchLead: true })
      await control('POST', 'persons/1', { jobTitle: 'Dono', touchLead: false })
      expect((await control('DELETE', 'persons/2', { touchLead: true })).status).toBe(200)
      expect(await bodies(wired)).toEqual([
        ['/atualizalead', ['Zé', 'Bia']],
        ['/atualizalead', ['José', 'Bia']],
        ['/atualizalead', ['José']],
      ])
      const { updateDate, ...rest } = crm.state.lead(1)!
      expect({ ...rest, updateDate: before.updateDate }).toEqual(before)
      expect(updateDate > before.updateDate).toBe(true)
      const effects = await crm.effects({ since: 1 })
      expect(effects.map(({ kind }) => kind)).toEqual([
        ...['personAdded', 'personAdded', 'leadUpdated', 'personUpdated', 'leadUpdated', 'personUpdated', 'personDeleted', 'leadUpdated'],
      ])
      expect(effects[1]!.body).toEqual({ name: 'Bia' })
    }))

  it('deleted is gone from every answer, and its id is not given again', () =>
    withWebhooks({}, async ({ control, ask, crm, receiver }) => {
      await control('POST', 'leads', { lead: 'x', stage: 'Novos leads' })
      for (const name of ['Zé', 'Bia']) await control('POST', 'leads/1/persons', { name })
      expect((await control('DELETE', 'persons/2')).json).toEqual({})
      expect((await control('DELETE', 'persons/2')).status).toBe(404)
      expect((await control('DELETE', 'persons/1', { touch: true })).status).toBe(400)
      expect((await ask('GET', 'Persons')).json.value).toMatchObject([{ id: 1 }])
      expect((await ask('GET', 'Persons/1')).json.value).toHaveLength(1)
      expect((await ask('PUT', 'PersonsUpdate/2', { name: 'x' })).status).toBe(400)
      expect((await control('POST', 'leads/1/persons', { name: 'Eva' })).json.id).toBe(3)
      expect((await control('GET', 'effects?kind=personDeleted')).json.effects).toMatchObject([
        { by: 'user', id: 2, after: { deletedPerson: 2 } },
      ])
      await crm.flushWebhooks()
      expect(receiver.received).toEqual([])
    }))
})
