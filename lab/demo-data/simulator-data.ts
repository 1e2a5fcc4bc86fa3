import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateDemoData } from './generate.ts'
import type { DemoOptions } from './options.ts'
import { crmRecords } from './records/lead.ts'

/** Lines gathered before they are written. */
const BATCH = 2_000

/**
 * Writes the linked leads of the same options as the CRM simulator's `load` file: NDJSON of lead, person, products and sale rows, in
 * order of the ERP's clients. The file appears whole or not at all. Throws PonteError `demo.bad_option`, and errors of the disk.
 */
export async function writeSimulatorData(options: DemoOptions, file: string): Promise<{ leads: number; persons: number; rows: number }> {
  const data = generateDemoData(options)
  const counts = { leads: 0, persons: 0, rows: 0 }
  const handle = await open(`${file}.tmp`, 'w', 0o640)
  try {
    let lines: string[] = []
    const flush = async () => {
      await handle.appendFile(lines.join(''))
      lines = []
    }
    for (const client of data.clients()) {
      for (const branch of client.branches) {
        if (branch.crmId === null) continue
        for (const record of crmRecords(data.settings, client, branch)) {
          lines.push(`${JSON.stringify(record)}\n`)
          counts.rows++
          if (record.kind === 'lead') counts.leads++
          if (record.kind === 'person') counts.persons++
        }
      }
      if (lines.length >= BATCH) await flush()
    }
    await flush()
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.tmp`, file)
  const folder = await open(dirname(file))
  await folder.sync().finally(() => folder.close())
  return counts
}
