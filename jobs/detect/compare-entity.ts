/** Desired against known for one entity, both from the same moment of the ERP. */

import type { Extract } from '../../connectors/erp/erp.ts'
import type { CompareOptions, CompareOutcome, Engine } from '../../engine/model.ts'
import type { Entity } from '../../records/kinds.ts'

export async function compareEntity(engine: Engine, extract: Extract, entity: Entity, options: CompareOptions): Promise<CompareOutcome> {
  const columns = entity.columns.map((column) => column.name)
  const desired = await extract.source(entity.desired, columns)
  const known = entity.known ? await extract.source(entity.known, columns) : null
  return engine.compare({ entity: entity.name, columns: entity.columns, key: entity.key, desired, known }, options)
}
