import type { Cell } from '../../engine/model.ts'
import type { Table } from './database/table.ts'
import { tables } from './database/tables.ts'
import { BLOCK, type DemoOptions, type Settings, settingsOf } from './options.ts'
import { planBlock } from './plan.ts'
import { buildClient, type Client } from './records/client.ts'
import { type ReferenceTable, referenceTables } from './reference.ts'

export interface DemoData {
  readonly settings: Settings
  /** Load these first, in this order. */
  readonly reference: readonly ReferenceTable[]
  /** Then these, in this order. */
  readonly tables: readonly Table[]
  /** Every client with its branches, in order; one at a time, so a million branches take no memory. */
  clients(): Generator<Client>
  /** All rows of one table, whatever its size. Throws when there is no such table. */
  rows(table: string): Generator<readonly Cell[]>
}

/**
 * Believable Brazilian ERP data (see README.md for the shares). Pure: the same options give the same bytes, and branch i is the same
 * whatever `branches` is. Throws PonteError `demo.bad_option`.
 */
export function generateDemoData(options: DemoOptions): DemoData {
  const settings = settingsOf(options)
  const reference = referenceTables(settings)
  function* clients(): Generator<Client> {
    for (let block = 0; block * BLOCK < settings.branches; block++) {
      for (const plan of planBlock(settings, block)) {
        if (plan.index < settings.branches) yield buildClient(settings, plan)
      }
    }
  }
  return {
    settings,
    reference,
    tables,
    clients,
    *rows(name) {
      const small = reference.find((table) => table.name === name)
      if (small) return yield* small.rows
      const table = tables.find((one) => one.name === name)!
      for (const client of clients()) yield* table.rows(client, settings)
    },
  }
}
