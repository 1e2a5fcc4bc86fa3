/**
 * The statements of a compare. Tables live in one schema per compare:
 *
 * desired_raw, known_raw   c0, c1...: the rows as they were read
 * desired, known           row (rowid of the raw row), key, hash (md5 of the compare form, as a number)
 * duplicates               keys that came more than once on either side
 * outcome                  row and known_row of the keys that differ; a null row means vanished
 * changed                  op, key, hash (text), b0, b1... (before), a0, a1... (after), in `rule` form
 */
import { hashedTextSql, hashSql } from '../hash.ts'
import type { Column, CompareSpec } from '../model.ts'
import { type StagedColumn, stagedSelect } from '../rules-sql.ts'

export type Side = 'desired' | 'known'

export function createRaw(schema: string, side: Side, columns: number): string {
  return `create table ${schema}.${side}_raw (${list(columns, (i) => `c${i} varchar`)})`
}

export function createSide(schema: string, side: Side): string {
  // md5_number: 16 bytes instead of 32 characters to keep and to compare.
  return `create table ${schema}.${side} (rid bigint, key varchar, hash uhugeint)`
}

/** Normalises, keys and hashes the rows of one side; rows without a key stay out. */
export function hashSide(schema: string, side: Side, spec: CompareSpec): string {
  const compared = comparedColumns(spec.columns)
  const keys = keyColumns(spec)
  // A key column that is compared as it stands is already among the compared ones.
  const extra = keys.filter((key) => !compared.some(({ as }) => as === key.as))
  const staged = stagedSelect([...compared, ...extra], ['rid'], `(select rowid as rid, * from ${schema}.${side}_raw)`)
  const key = keySql(keys.map(({ as }) => as))
  return `insert into ${schema}.${side} select rid, key, hash from (
    select rid, ${key} as key, md5_number(${hashedTextSql(compared.map(({ as }) => as))}) as hash from (${staged})) where key is not null`
}

export function findDuplicates(schema: string, sides: readonly Side[]): string {
  const each = sides.map((side) => `select key from ${schema}.${side} group by key having count(*) > 1`)
  return `create table ${schema}.duplicates as ${each.join(' union ')}`
}

export function dropDuplicates(schema: string, side: Side): string {
  return `delete from ${schema}.${side} where key in (select key from ${schema}.duplicates)`
}

/** `B - A` per key: keys of both sides whose hashes differ, and keys that only the known side has. */
export function findDifferences(schema: string): string {
  return `create table ${schema}.outcome as select k.key as key, d.rid as rid, k.rid as known_rid
    from ${schema}.desired d right join ${schema}.known k on d.key = k.key where d.key is null or d.hash is distinct from k.hash`
}

/** Without a known side everything desired is a change. */
export function takeAll(schema: string): string {
  return `create table ${schema}.outcome as select key, rid, cast(null as bigint) as known_rid from ${schema}.desired`
}

export function createChanged(schema: string, columns: number): string {
  const cells = (prefix: string) => list(columns, (i) => `${prefix}${i} varchar`)
  return `create table ${schema}.changed (op varchar, key varchar, hash varchar, ${cells('b')}, ${cells('a')})`
}

/** The changed rows whole, both sides in `rule` form, with the hash as text. */
export function fetchChanged(schema: string, spec: CompareSpec): string {
  const compared = comparedColumns(spec.columns)
  const after = stagedSelect([...ruleColumns(spec.columns, 'a'), ...compared], ['key'], changedRaw(schema, 'desired', 'rid'))
  const hash = hashSql(compared.map(({ as }) => as))
  const afterNames = list(spec.columns.length, (i) => `a${i}`)
  if (spec.known === null) {
    const before = list(spec.columns.length, (i) => `cast(null as varchar) as b${i}`)
    return `insert into ${schema}.changed select 'insert' as op, key, ${hash} as hash, ${before}, ${afterNames} from (${after})`
  }
  const before = stagedSelect(ruleColumns(spec.columns, 'b'), ['key'], changedRaw(schema, 'known', 'known_rid'))
  return `insert into ${schema}.changed
    select 'update' as op, d.key as key, ${hash} as hash, ${list(spec.columns.length, (i) => `k.b${i}`)}, ${afterNames}
    from (${after}) d join (${before}) k on d.key = k.key`
}

/** One row: for each column in how many changed rows it differs in compare form, then in how many of those it is empty now. */
export function countMoved(schema: string, columns: readonly Column[]): string {
  const sides = columns.flatMap((column, i) =>
    ['b', 'a'].map((side) => ({ from: `${side}${i}`, rule: column.compare === false ? [] : (column.compare ?? []), as: `${side}${i}` })),
  )
  const counts = columns.flatMap(({ compare }, i) => {
    const moved = compare === false ? 'false' : `b${i} is distinct from a${i}`
    return [moved, `${moved} and a${i} is null`].map((condition) => `cast(count(*) filter (where ${condition}) as varchar)`)
  })
  return `select ${counts.join(', ')} from (${stagedSelect(sides, [], `${schema}.changed`)})`
}

function changedRaw(schema: string, side: Side, rid: string): string {
  return `(select o.key as key, r.* from ${schema}.outcome o join ${schema}.${side}_raw r on r.rowid = o.${rid} where o.rid is not null)`
}

function ruleColumns(columns: readonly Column[], prefix: string): StagedColumn[] {
  return columns.map((column, i) => ({ from: `c${i}`, rule: column.rule, as: `${prefix}${i}` }))
}

function comparedColumns(columns: readonly Column[]): StagedColumn[] {
  return columns.flatMap((column, i) =>
    column.compare === false ? [] : [{ from: `c${i}`, rule: [...column.rule, ...(column.compare ?? [])], as: `h${i}` }],
  )
}

function keyColumns(spec: CompareSpec): StagedColumn[] {
  return spec.key.map((name) => {
    const i = spec.columns.findIndex((column) => column.name === name)
    const { rule, compare } = spec.columns[i]!
    return { from: `c${i}`, rule, as: compare === undefined ? `h${i}` : `k${i}` }
  })
}

function keySql(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0]!
  const joined = parts.join(", '-', ")
  return `case when ${parts.map((part) => `${part} is null`).join(' or ')} then null else concat(${joined}) end`
}

function list(length: number, item: (index: number) => string): string {
  return Array.from({ length }, (_, index) => item(index)).join(', ')
}
