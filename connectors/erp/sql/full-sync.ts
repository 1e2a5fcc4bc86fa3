/** The staging tables of a full sync and the swap into the mirror. */
import { jsonText } from '../../../base/text.ts'
import type { Row } from '../../../engine/model.ts'
import type { Erp } from '../erp.ts'
import { whole } from '../text-rows.ts'
import { couldBeDone } from '../undone.ts'
import { removeLeads } from './inbound.ts'
import { type Ask, inPages, type Link, pageSize, type SqlDialect, type Transact, type Value } from './link.ts'
import { asKind, checked } from './mirror.ts'

/** A column of LEADS and its new value, of the staged row `s`. */
export interface StagedColumn {
  readonly column: string
  readonly value: string
}

/**
 * Sets these columns of the mirrored leads `l` that did not move since the run began and that differ, from what is ready of `run` in `s`.
 * Rows of LEADS are locked, triggers told to stay out. Returns rows changed.
 */
export type UpdateQuietly<L extends Link> = (link: L, run: string, columns: readonly StagedColumn[]) => Promise<number>

export function fullSync<L extends Link>(
  dialect: SqlDialect,
  transact: Transact<L>,
  ask: Ask,
  updateQuietly: UpdateQuietly<L>,
): Pick<Erp, 'stageMirror'> {
  return {
    async stageMirror(run) {
      const subject = `full sync ${run}`
      const mirrored = await transact(subject, (link) => begin(dialect, link, run))
      return {
        mirrored,
        leads: (rows) => transact(subject, (link) => stageLeads(link, run, rows)),
        contacts: (rows) => transact(subject, (link) => stageContacts(link, run, rows)),
        async counts() {
          const [row = {}] = await ask(COUNTS, [run])
          return { ready: Number(row.READY), leftOut: Number(row.LEFT_OUT), fresh: Number(row.FRESH), gone: Number(row.GONE) }
        },
        gone: async () => (await ask(GONE, [run])).map(({ ID }) => ID!),
        swap: ({ quiet, remove, job, reason }) =>
          transact(subject, async (link) => {
            const updated = await swapQuietly(dialect, link, run, quiet, updateQuietly)
            return { updated, removed: await removeGone(dialect, link, run, { remove, job, reason }) }
          }),
        takes: (quiet, first, last) =>
          couldBeDone<L>(
            (work) => transact(subject, work),
            async (link) => {
              await link.changed(LEAVE_OUT_OTHERS, [run, whole(first), whole(last)])
              await swapQuietly(dialect, link, run, quiet, updateQuietly)
            },
          ),
        async *ready() {
          for (let after = '0'; ; ) {
            const rows = await ask(dialect.first(READY, pageSize), [run, whole(after)])
            if (rows.length > 0) yield rows.map(({ ID, FIELDS }) => ({ leadId: ID!, row: parsed(FIELDS!) }))
            if (rows.length < pageSize) return
            after = rows.at(-1)!.ID!
          }
        },
        async contactsOf(leadIds) {
          const rows = await inPages(
            leadIds.map((id) => whole(id)!),
            (page) => ask(CONTACTS_OF, [run, page]),
          )
          return rows.map(({ ID, LEAD_ID, FIELDS }) => ({ personId: ID!, leadId: LEAD_ID!, row: FIELDS == null ? null : parsed(FIELDS) }))
        },
        close: () =>
          transact(subject, async (link) => {
            await link.changed('delete from leads_staging where run_id = ?', [run])
            await link.changed('delete from contacts_staging where run_id = ?', [run])
          }),
      }
    },
  }
}

async function swapQuietly<L extends Link>(
  dialect: SqlDialect,
  link: L,
  run: string,
  quiet: readonly string[],
  updateQuietly: UpdateQuietly<L>,
): Promise<number> {
  const columns = stagedColumns(dialect, quiet)
  await link.rows(LOCK, [run])
  await dialect.mirrorOnly(link, true)
  return updateQuietly(link, run, columns)
}

const parsed = (text: string): Row => JSON.parse(text) as Row

/** Notes what is mirrored now. One full sync at a time: what other runs left here is of the dead. */
async function begin({ fingerprints }: SqlDialect, link: Link, run: string): Promise<number> {
  await link.changed('delete from leads_staging')
  await link.changed('delete from contacts_staging')
  return link.changed(
    `insert into leads_staging (run_id, id, state, mirrored_as) select ?, f.id, 'unread', f.fingerprint from ${fingerprints} f`,
    [run],
  )
}

/** Of a lead that was found twice the last one counts. What it was mirrored as is kept. */
async function stageLeads(link: Link, run: string, rows: readonly { leadId: string; row: Row | null }[]): Promise<void> {
  const found = new Map(rows.map((one) => [one.leadId, one]))
  const before = await takeOut(link, 'leads_staging', run, [...found.keys()], ', mirrored_as')
  const mirroredAs = new Map(before.map(({ ID, MIRRORED_AS = null }) => [ID!, MIRRORED_AS]))
  await link.insertAll(
    'leads_staging',
    ['run_id', 'id', 'mirrored_as', 'state', 'fields'],
    [...found.values()].map(({ leadId, row }) => [run, whole(leadId), mirroredAs.get(leadId) ?? null, ...staged(row)]),
  )
}

async function stageContacts(
  link: Link,
  run: string,
  rows: readonly { personId: string; leadId: string; row: Row | null }[],
): Promise<void> {
  const found = new Map(rows.map((one) => [one.personId, one]))
  await takeOut(link, 'contacts_staging', run, [...found.keys()])
  await link.insertAll(
    'contacts_staging',
    ['run_id', 'id', 'lead_id', 'state', 'fields'],
    [...found.values()].map(({ personId, leadId, row }) => [run, whole(personId), whole(leadId), ...staged(row)]),
  )
}

const staged = (row: Row | null): Value[] =>
  row === null
    ? ['left-out', null]
    : ['ready', jsonText(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value || null])))]

/** What an earlier page held of these ids goes, and is returned. */
function takeOut(link: Link, table: string, run: string, ids: readonly string[], more = ''): Promise<Row[]> {
  return inPages(
    ids.map((id) => whole(id)!),
    async (page) => {
      const before = await link.rows(`select id${more} from ${table} where run_id = ? and id in (?)`, [run, page])
      if (before.length > 0) await link.changed(`delete from ${table} where run_id = ? and id in (?)`, [run, page])
      return before
    },
  )
}

const COUNTS = `
  select count(case when state = 'ready' then 1 end) as ready, count(case when state = 'left-out' then 1 end) as left_out,
         count(case when state = 'ready' and mirrored_as is null then 1 end) as fresh, count(case when state = 'unread' then 1 end) as gone
    from leads_staging where run_id = ?`
const GONE = `select id from leads_staging where run_id = ? and state = 'unread' order by id`
const LEAVE_OUT_OTHERS = `update leads_staging set state = 'left-out' where run_id = ? and state = 'ready' and id not between ? and ?`
const READY = `select id, fields from leads_staging where run_id = ? and id > ? and state = 'ready' order by id`
const CONTACTS_OF = 'select id, lead_id, fields from contacts_staging where run_id = ? and lead_id in (?) order by id'
const LOCK = `
  select l.id from leads l
   where l.id in (select s.id from leads_staging s where s.run_id = ? and s.state = 'ready' and s.mirrored_as is not null) for update`

/** @throws PonteError `erp.unknown_column` */
function stagedColumns({ field }: SqlDialect, names: readonly string[]): StagedColumn[] {
  return checked('leads', Object.fromEntries(names.map((name) => [name, null]))).map(({ column, kind }) => {
    const value = asKind(kind, field('s.fields', column.toUpperCase()))
    // A CRM that was never told the client code does not make the mirror forget it.
    return { column, value: column === 'client_code' ? `coalesce(${value}, l.client_code)` : value }
  })
}

/** As `removeLead` does for one: those that did not move since the run began. */
async function removeGone(
  dialect: SqlDialect,
  link: Link,
  run: string,
  { remove, job, reason }: { remove: readonly string[]; job: string; reason: string },
): Promise<string[]> {
  const rows = await inPages(
    remove.map((id) => whole(id)!),
    async (page) => {
      await link.rows('select id from leads where id in (?) for update', [page])
      return link.rows(
        `select f.id from ${dialect.fingerprints} f join leads_staging s on s.run_id = ? and s.id = f.id and s.mirrored_as = f.fingerprint
        where f.id in (?) and s.state = 'unread' order by f.id`,
        [run, page],
      )
    },
  )
  const ids = rows.map(({ ID }) => ID!)
  await removeLeads(
    dialect,
    link,
    ids.map((id) => whole(id)!),
    job,
    reason,
  )
  return ids
}
