/** Plays one step of a random history against a two-way house. */
import { jobNamed } from '../../jobs/catalogue.ts'
import { runJob } from '../../jobs/run/run-job.ts'
import { addBranch, addContact } from '../../jobs/testing/small-erp.ts'
import { crashing } from './crashing.ts'
import type { TwoWay } from './two-way.ts'
import {
  crmContactValues,
  crmCustomValues,
  crmFaults,
  crmLeadValues,
  erpContactValues,
  erpLeadValues,
  type Pair,
  type Step,
  webhookFaults,
} from './world.ts'

export interface Player {
  readonly it: TwoWay
  readonly pairs: readonly Pair[]
  /** A number that no other history has used: for new clients, tax ids and e-mails. */
  fresh(): number
}

export async function play(player: Player, step: Step): Promise<void> {
  const { it, pairs } = player
  const { bridge, crmUser } = it
  const sql = (text: string, values: unknown[]) => bridge.sql.query(text, values)
  switch (step.do) {
    case 'erp-lead': {
      const value = erpLeadValues[step.field]![step.value]
      await sql(`update branches set ${step.field} = $1 where client = $2`, [value, pairs[step.pair]!.client])
      return
    }
    case 'crm-lead':
      await crmUser('POST', `leads/${pairs[step.pair]!.leadId}`, { [step.field]: crmLeadValues[step.field]![step.value] })
      return
    case 'crm-custom': {
      const value = crmCustomValues[step.field]![step.value]!
      const held = step.field === '_cod.gestores' ? [value] : value
      await crmUser('POST', `leads/${pairs[step.pair]!.leadId}`, { customFields: { [step.field]: held } })
      return
    }
    case 'erp-contact': {
      const value = erpContactValues[step.field]![step.value]
      await sql(`update contact set ${step.field} = $1 where id_crm = $2`, [value || null, pairs[step.pair]!.personId])
      return
    }
    case 'crm-contact': {
      const value = crmContactValues[step.field]![step.value]!
      const held = step.field === 'mainContact' ? value === 'true' : value
      await crmUser('POST', `persons/${pairs[step.pair]!.personId}`, { [step.field]: held, touchLead: true })
      return
    }
    case 'analysis':
      await sql(
        `insert into credit_limit_history (client_code, sequence_number, entry_date, observations)
         select $1, coalesce(max(sequence_number), 0) + 1, current_timestamp(6), $2 from credit_limit_history where client_code = $1`,
        [pairs[step.pair]!.client, ['Limite baixo', 'Bom', 'Análise: pagou'][step.value]],
      )
      return
    case 'stage':
      await crmUser('POST', `leads/${pairs[step.pair]!.leadId}`, { stage: step.stage })
      return
    case 'erp-new-contact': {
      const n = player.fresh()
      await addContact(bridge.sql, { code: n, client: pairs[step.pair]!.client, name: `Novo ${n}`, email: `novo${n}@example.com` })
      return
    }
    case 'crm-new-person': {
      const n = player.fresh()
      await crmUser('POST', `leads/${pairs[step.pair]!.leadId}/persons`, {
        name: `Pessoa ${n}`,
        email: `p${n}@example.com`,
        touchLead: true,
      })
      return
    }
    case 'erp-new-branch': {
      const n = player.fresh()
      await addBranch(bridge.sql, { client: n, taxId: taxIdOf(n), name: `Filial ${n}` })
      return
    }
    case 'crm-new-lead': {
      const n = player.fresh()
      const lead = {
        lead: `Lead ${n}`,
        cnpj: taxIdOf(n),
        stage: 'Desenvolvimento/Orçamento',
        city: 'São Paulo',
        state: 'São Paulo',
        street: 'Rua Nova',
        number: '10',
      }
      await crmUser('POST', 'leads', lead)
      return
    }
    case 'job':
      await it.run(step.job)
      return
    case 'crash': {
      const { context } = crashing(bridge.context, step.at, step.after)
      await runJob(context, jobNamed(step.job)).catch(() => {})
      await letLeasesEnd(it)
      return
    }
    case 'crm-faults':
      bridge.simulator.setFaults(crmFaults[step.kind])
      return
    case 'webhook-faults':
      it.webhooks({ faults: webhookFaults[step.kind] })
      return
    case 'webhooks-arrive':
      await bridge.simulator.flushWebhooks()
      return
    case 'way-out':
      await bridge.cycle()
  }
}

export const taxIdOf = (n: number): string => String(20_000_000_000_000 + n)

/** What a dead process held runs out. */
async function letLeasesEnd(it: TwoWay): Promise<void> {
  await it.bridge.state.query(`update leases set expires_at = '-infinity'`)
}
