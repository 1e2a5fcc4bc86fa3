/** The jobs that carry letters to the CRM: two for each kind of record. */

import { countQueued } from '../../connectors/state/changes.ts'
import { type Entity, type EntityName, entityNamed, kindNames } from '../../records/kinds.ts'
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

const sinks: Readonly<Record<EntityName, (context: Context, run: JobRun) => Sink | Promise<Sink>>> = {
  'leads.update': async (context, run) => updateLeadSink(context, run, stagesOf(await context.erp.stages())),
  'leads.insert': insertLeadSink,
  'contacts.update': updateContactSink,
  'contacts.insert': insertContactSink,
}

function deliveryJob(entity: Entity): Job {
  const { name, alias, summary } = entity.job
  return {
    name,
    aliases: [alias],
    summary,
    async run(context, run) {
      await recoverLanes(context)
      return runLane(context, run, streamOf(context, run, entity, await sinks[entity.name](context, run)), {
        perRun: entity.kind === 'leads' ? context.options.leadsPerRun : 0,
        queued: () => countQueued(context.state, entity.name),
      })
    },
  }
}

/** What is new first: it cannot be updated before it is there. */
export const deliveryJobs: readonly Job[] = kindNames.flatMap((kind) =>
  (['insert', 'update'] as const).map((change) => deliveryJob(entityNamed(`${kind}.${change}`))),
)

function streamOf(context: Context, run: JobRun, entity: Entity, sink: Sink): Stream<Line> {
  return {
    lane: entity.kind,
    prefix: entity.prefix,
    read: (id, text) => readLine(entity, id, text),
    recordOf: (line) => recordOf(entity, line),
    keyOf: (line) => line.change.key,
    end: (claim, index, line) => deliverLine(context, run, sink, claim, index, line),
  }
}
