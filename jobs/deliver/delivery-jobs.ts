/** The four jobs that carry letters to the CRM (mission C.4-C.7). */
import { countQueued } from '../../connectors/state/changes.ts'
import { type Entity, type EntityName, entityNamed } from '../../records/entities.ts'
import { type Line, readLine, recordOf } from '../../records/lines.ts'
import { stagesOf } from '../../records/stages.ts'
import type { Stream } from '../consume.ts'
import type { Context, Job, JobRun } from '../context.ts'
import { recoverLanes } from '../recover.ts'
import { runLane } from '../run-lane.ts'
import { deliverLine, type Sink } from './deliver-line.ts'
import { insertContactSink } from './sink-insert-contacts.ts'
import { insertLeadSink } from './sink-insert-leads.ts'
import { updateContactSink } from './sink-update-contacts.ts'
import { updateLeadSink } from './sink-update-leads.ts'

function deliveryJob(
  name: string,
  alias: string,
  entityName: EntityName,
  summary: string,
  sinkOf: (context: Context, run: JobRun) => Sink | Promise<Sink>,
): Job {
  const entity = entityNamed(entityName)
  return {
    name,
    aliases: [alias],
    summary,
    async run(context, run) {
      await recoverLanes(context)
      return runLane(context, run, streamOf(context, run, entity, await sinkOf(context, run)), {
        perRun: entity.lane === 'leads' ? context.options.leadsPerRun : 0,
        queued: () => countQueued(context.state, entity.name),
      })
    },
  }
}

function streamOf(context: Context, run: JobRun, entity: Entity, sink: Sink): Stream<Line> {
  return {
    lane: entity.lane,
    prefix: entity.prefix,
    read: (id, text) => readLine(entity, id, text),
    recordOf: (line) => recordOf(entity, line),
    keyOf: (line) => line.change.key,
    end: (claim, index, line) => deliverLine(context, run, sink, claim, index, line),
  }
}

export const insertLeads = deliveryJob(
  'job_insert_leads_in_spotter',
  'job_insert_leads_in_crm',
  'leads.insert',
  'create leads in the CRM',
  insertLeadSink,
)
export const updateLeads = deliveryJob(
  'job_update_leads_in_spotter',
  'job_update_leads_in_crm',
  'leads.update',
  'update leads in the CRM',
  async (context, run) => updateLeadSink(context, run, stagesOf(await context.erp.stages())),
)
export const insertContacts = deliveryJob(
  'job_insert_contacts_in_spotter',
  'job_insert_contacts_in_crm',
  'contacts.insert',
  'create contacts in the CRM',
  insertContactSink,
)
export const updateContacts = deliveryJob(
  'job_update_contacts_in_spotter',
  'job_update_contacts_in_crm',
  'contacts.update',
  'update contacts in the CRM',
  updateContactSink,
)
