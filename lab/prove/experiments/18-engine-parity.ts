import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { addRandomRows } from '../../../jobs/testing/random-rows.ts'
import type { Experiment } from '../experiment.ts'
import { openRig, type Rig } from '../rig.ts'

/** Letters by the beginning of their names: the view that says the same in SQL, and the key of one of its rows. */
const entities = {
  update_leads_in_crm: { view: 'view_update_lead_in_crm', key: ['id'] },
  insert_leads_in_crm: { view: 'view_insert_lead_in_crm', key: ['id'] },
  update_contacts_in_crm: { view: 'view_update_contact_in_crm', key: ['id', 'lead_id'] },
  insert_contact_crm: { view: 'view_insert_contact_in_crm', key: ['code'] },
} as const

type Row = Readonly<Record<string, unknown>>

export const experiment: Experiment = {
  number: 18,
  title: "the engine's differences are the database's own, and raw DuckDB's",
  needs: [],
  async run(context) {
    context.leaveOut('the same through Spark Connect', 'there is no Spark engine yet; PostgreSQL and raw DuckDB stand in its place')
    const rig = await openRig(context)
    const rows = context.long ? 1_000_000 : 20_000
    await addRandomRows(rig.erp, rows, context.seed)
    const compare = async (threads: string): Promise<Map<string, Row[]>> => {
      const own = join(context.folder, `engine-${threads}`)
      const { state } = await context.cluster.pair()
      const where = { STATE_DATABASE_URL: state, QUEUE_ROOT: join(own, 'queue'), STATE_DIR: join(own, 'state') }
      const env = { ...where, ENGINE_MEMORY: '2GB', ENGINE_THREADS: threads, ENGINE_READERS: threads }
      const { code, stdout, stderr } = await rig.ponte(['run', 'job_execute_spark', '--json'], env)
      context.check(`the compare with ${threads} threads and readers succeeds`, code === 0, `${stdout}${stderr}`.slice(0, 500))
      return new Map(Object.keys(entities).map((prefix) => [prefix, linesOf(env.QUEUE_ROOT, rig, prefix)]))
    }
    const [one, two] = [await compare('1'), await compare('2')]
    const figures = { in: 0, out: 0, doubled: 0, lost: 0 }
    for (const [prefix, { view, key }] of Object.entries(entities)) {
      const found = one.get(prefix)!.map(({ _KEY }) => String(_KEY))
      const [expected, distinct] = [new Set(await keysByView(rig, view, key)), new Set(found)]
      const surplus = without(distinct, expected)
      context.check(`${prefix}: nothing that ${view} does not have`, surplus.length === 0, surplus.slice(0, 5).join(', '))
      const isSame = digest(one.get(prefix)!) === digest(two.get(prefix)!)
      context.check(`${prefix}: the same lines with two threads`, isSame, 'their SHA-256 differ')
      if (view.includes('update')) {
        const byDuckDb = new Set(await keysByDuckDb(context.folder, rig, view, key))
        const differs = without(byDuckDb, distinct).length + without(distinct, byDuckDb).length
        context.check(`${prefix}: raw DuckDB's EXCEPT names the same keys`, differs === 0, `${differs} differ`)
      }
      const lost = without(expected, distinct)
      figures.in += expected.size
      figures.out += expected.size - lost.length
      figures.doubled += found.length - distinct.size
      figures.lost += lost.length
    }
    return {
      ...figures,
      did: `${rows} random companies with leads and contacts, compared twice: keys against PostgreSQL and raw DuckDB, lines by SHA-256`,
    }
  },
}

const without = (all: ReadonlySet<string>, others: ReadonlySet<string>) => [...all].filter((each) => !others.has(each))

function linesOf(queue: string, rig: Rig, prefix: string): Row[] {
  const files = rig.letters('processar', queue).filter((file) => file.includes(`/${prefix}`))
  const lines = files.flatMap((file) => readFileSync(join(queue, file), 'utf8').split('\n'))
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
}

function digest(rows: readonly Row[]): string {
  // The run's own id differs, as it must.
  const lines = rows.map((row) => JSON.stringify({ ...row, _RUN: null })).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex')
}

async function keysByView(rig: Rig, view: string, key: readonly string[]): Promise<string[]> {
  const { rows } = await rig.erp.query<{ key: string }>(`select concat_ws('-', ${key.join(', ')}) as key from ${view}`)
  return rows.map((row) => row.key)
}

/** Both halves of the view as JSON lines in files, and their difference by DuckDB alone. */
async function keysByDuckDb(folder: string, rig: Rig, view: string, key: readonly string[]): Promise<string[]> {
  const definition = (await rig.erp.query(`select pg_get_viewdef($1) as sql`, [view])).rows[0].sql as string
  const columns = (await rig.erp.query(`select * from ${view} limit 0`)).fields.map(({ name }) => name)
  const sides: string[] = []
  for (const half of definition.replace(/;\s*$/, '').split(/^\s*EXCEPT\s*$/m)) {
    const file = join(folder, `${view}-${sides.length}.ndjson`)
    const { rows } = await rig.erp.query<{ line: string }>(`select to_json(h)::text as line from (${half}) h(${columns.join(', ')})`)
    writeFileSync(file, rows.map(({ line }) => `${line}\n`).join(''))
    sides.push(`select json::varchar as line from read_json_objects('${file}', format = 'newline_delimited')`)
  }
  const connection = await (await DuckDBInstance.create()).connect()
  const keys = key.map((name) => `line->>'${name}'`).join(', ')
  const result = await connection.runAndReadAll(`select concat_ws('-', ${keys}) from (${sides.join(' except ')})`)
  connection.closeSync()
  return result.getRows().map(([value]) => String(value))
}
