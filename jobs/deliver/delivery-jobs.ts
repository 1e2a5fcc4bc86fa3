/** The jobs that carry letters to the CRM: two for each kind of record. */

import { countQueued } from '../../connectors/state/changes/changes.ts'
import { type Entity, type EntityName, entityNamed, kindNames } from '../../records/kinds.ts'
import { type Line, readLine, recordOf } from '../../records/lines.ts'
import { stagesOf } from '../../records/stages.ts'
import type { Stream } from '../consume.ts'
import type { Context, Job, JobRun } from '../context.ts'
import { recoverLanes } from '../recover.ts'
import { runLane } from '../run-lane.ts'
import { knownContacts, newContacts } from './contact-calls.ts'
import { deliverLine, type Sink } from './deliver-line.ts'
import { insertSink } from './insert-sink.ts'
import { knownLeads, newLeads } from './lead-calls.ts'
import { updateSink } from './update-sink.ts'

const sinks: Readonly<Record<EntityName, (context: Context, run: JobRun, entity: Entity) => Sink | Promise<Sink>>> = {
  'leads.update': async (context, run, entity) =>
    updateSink(context, run, entity, knownLeads(context, run, stagesOf(await context.erp.stages()))),
  'leads.insert': (context, _, entity) => insertSink(context, entity, newLeads(context)),
  'contacts.update': (context, run, entity) => updateSink(context, run, entity, knownContacts(context, run)),
  'contacts.insert': (context, _, entity) => insertSink(context, entity, newContacts(context)),
}

function deliveryJob(entity: Entity): Job {
  const { name, alias, summary } = entity.job
  return {
    name,
    aliases: [alias],
    summary,
    async run(context, run) {
      await recoverLanes(context)
      return runLane(context, run, streamOf(context, run, entity, await sinks[entity.name](context, run, entity)), {
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
