/** Signed webhooks of a believable size (F of the mission), each about another lead, so that none repeats another. */
import { createHmac } from 'node:crypto'

export interface Signed {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** @param secret `whsec_...` */
export function signedEvent(leadId: number, id: string, token: string, secret: string): Signed {
  const body = JSON.stringify({
    Lead: {
      Id: leadId,
      Company: `Comércio de Rolamentos ${leadId} Ltda`,
      Stage: 'Desenvolvimento/Orçamento',
      CpfCnpj: '11222333000181',
      Phone: '5511987654321',
      Industry: { value: 'Indústria metalúrgica' },
      Origin: { value: 'Indicação' },
      Address: {
        Address_Maps: 'Avenida Paulista, 1578 - Bela Vista',
        ZipCode: '01310-200',
        AddAddressInformation: 'Sala 12',
        City: 'São Paulo',
        State: 'SP',
      },
      CustomFields: [
        { id: '_cod.gestores', value: '12' },
        { id: '_cod.cliente', value: String(leadId) },
      ],
      Contact: [{ Id: leadId, LeadId: leadId, Name: 'Ana', Email: 'ana@example.com', Phone: '', Position: 'Compras' }],
    },
  })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    body,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
  }
}
