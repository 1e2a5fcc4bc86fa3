/** What repeatable migrations created, remembered as drop statements so that they can be made anew. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'

/** Views, routines, triggers, and schemas: what may be dropped without losing a row. */
const OBJECTS = `
  select 'pg_class'::regclass as classid, c.oid, 'view' as kind from pg_class c where c.relkind = 'v'
  union all
  select 'pg_proc'::regclass, p.oid, case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end from pg_proc p
  union all
  select 'pg_trigger'::regclass, t.oid, 'trigger' from pg_trigger t where not t.tgisinternal
  union all
  select 'pg_namespace'::regclass, n.oid, 'schema' from pg_namespace n`

/** The objects that exist now, to be compared with later by `createdSince`. */
export async function existingObjects(client: pg.PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`select kind || oid::text as id from (${OBJECTS}) o where oid >= 16384`)
  return rows.map((row) => row.id)
}

/** `kind identity` of every object that appeared, e.g. `view public.v`, `trigger t on public.leads`; in order of creation. */
export async function createdSince(client: pg.PoolClient, before: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ object: string }>(
    `select o.kind || ' ' || (pg_identify_object(o.classid, o.oid, 0)).identity as object
       from (${OBJECTS}) o where o.oid >= 16384 and not ((o.kind || o.oid::text) = any($1)) order by o.oid`,
    [before],
  )
  return rows.map((row) => row.object)
}

/**
 * Drops what the folder's repeatable files created, newest first, and forgets them.
 * @throws PonteError `pg.repeatable_in_use` when something of someone else's depends on one of them
 */
export async function dropRepeatables(client: pg.PoolClient, folder: string): Promise<void> {
  const { rows } = await client.query<{ object: string }>(
    `select o.object from ponte_migrations m, unnest(m.objects) with ordinality as o(object, position)
      where m.folder = $1 and m.repeatable order by m.name desc, o.position desc`,
    [folder],
  )
  for (const { object } of rows) {
    try {
      await client.query(dropStatement(object))
    } catch (cause) {
      if ((cause as { code?: string }).code !== '2BP01') throw cause
      throw new PonteError(
        'pg.repeatable_in_use',
        `${object} cannot be renewed: ${(cause as { detail?: string }).detail ?? 'something depends on it'}`,
        {
          hint: 'drop what depends on it, run ponte migrate again, then create it anew',
          cause,
        },
      )
    }
  }
  await client.query('delete from ponte_migrations where folder = $1 and repeatable', [folder])
}

function dropStatement(object: string): string {
  return `drop ${object.replace(' ', ' if exists ')}`
}
