import type { WebhookEvent } from './event.ts'
import { customValues } from './payload.ts'

/** The Portuguese body of the CRM's older API, as a receiver of that time read it. It says neither stage nor tax id. */
export function payloadV2({ lead }: WebhookEvent): string {
  return JSON.stringify({
    Lead: {
      id: lead.id,
      LinkPublico: null,
      Empresa: lead.lead,
      Origem: { value: lead.source },
      SubOrigem: { value: lead.subSource },
      Mercado: { value: lead.industry },
      LinkMkt: null,
      PreVendedor: { Nome: null, Email: lead.sdrEmail },
      Vendedor: { Nome: null, Email: lead.salesRepEmail },
      DtCadastro: lead.registerDate,
      DtAtualizacao: lead.updateDate,
      Etapas: [],
      CamposPersonalizados: customValues(lead),
    },
  })
}
