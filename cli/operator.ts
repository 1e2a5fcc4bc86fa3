/** What an operator's commands act with: the queue, Ponte's state, the audit log; the two systems only where somebody looks into them. */
import { userInfo } from 'node:os'
import type { Erp } from '../connectors/erp/erp.ts'
import { openErp } from '../connectors/erp/open.ts'
import { audited } from '../connectors/state/people/audit.ts'
import { openState } from '../connectors/state/pool.ts'
import type { Settings } from '../deploy/env.ts'
import type { Operator } from '../operations/operator.ts'
import type { CrmReads } from '../operations/record-now.ts'
import type { Closer } from './closer.ts'
import type { CommandContext } from './command.ts'
import { absentCrm, openCrm } from './crm.ts'
import { openDatabases } from './databases.ts'
import { openLanes } from './lanes.ts'
import { openLog } from './log.ts'

export type CommandOperator = Operator & { readonly sides: () => Promise<{ readonly erp: Erp; readonly crm: CrmReads }> }

/** Whoever is logged in at the machine; `sudo` is looked through by the system's own log. */
export const cliActor = (): string => `cli:${userInfo().username}`

export async function openOperator({ settings, closer }: CommandContext): Promise<CommandOperator> {
  const log = openLog(settings)
  const { stateUrl, erpUrl } = await openDatabases(settings, closer)
  const state = await openState(stateUrl)
  closer.add(() => state.end())
  const sides = async () => ({ erp: await erpOf(erpUrl, closer), crm: crmOf(settings, state, log, closer) })
  return { lanes: await openLanes(settings), state, log, actor: cliActor(), audited: audited(state), sides }
}

/** Asked when somebody looks, so that a letter can be shown while it is away. */
async function erpOf(url: string, closer: Closer): Promise<Erp> {
  const erp = await openErp({ url, maxConnections: 2 })
  closer.add(() => erp.close())
  return erp
}

function crmOf(settings: Settings, state: Operator['state'], log: Operator['log'], closer: Closer): CrmReads {
  const crm = settings.crm ? openCrm(settings, state, log, 'urgent') : absentCrm()
  closer.add(() => crm.close())
  return crm
}
