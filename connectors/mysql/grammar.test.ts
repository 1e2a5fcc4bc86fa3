/** What can be said of MySQL 8 without one: a grammar of it reads every statement of sql/mysql, and refuses broken ones. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { grammarErrors } from '../testing/grammar.ts'
import { statementsOf } from './migrate.ts'

const folder = new URL('../../sql/mysql/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
const textOf = (file: string) => readFileSync(new URL(file, folder), 'utf8')

/**
 * Four things that MySQL 8 has (reference manual: ALTER DATABASE, character set introducers, WITH RECURSIVE, EXCEPT since 8.0.31) and the
 * grammar, which is older, does not; they are written another way before it reads them.
 */
const readable = (statement: string) =>
  statement
    .replace(/^alter database character set/m, 'alter database ponte character set')
    .replaceAll('_utf8mb4 0xC2A0', "'\u00a0'")
    .replaceAll("convert(x'C2A0' using utf8mb4)", "'\u00a0'")
    .replace(/^ {2}with recursive /m, '  with ')
    .replace(/^except$/gm, 'union')

describe('sql/mysql', () => {
  test.each(files)('%s: the grammar of MySQL reads all of it', (file) => {
    const statements = statementsOf(textOf(file))
    expect(statements.length).toBeGreaterThan(0)
    expect(statements.filter((statement) => grammarErrors(readable(statement), 'MYSQL') > 0)).toEqual([])
  })

  test.each([
    ['0001_erp_clients.sql', 'not null', 'not nul'],
    ['0003_integration.sql', 'insert ignore into', 'insert or ignore into'],
    ['0003_integration.sql', 'auto_increment', 'identity'],
    ['r_01_house_routines.sql', 'end while;', 'end loop'],
    ['r_03_base_views.sql', 'left join', 'left joint'],
    ['r_04_prc_update_clients.sql', 'end if;', 'fi;'],
    ['r_06_triggers.sql', 'for each row', 'for every row'],
    ['r_06_triggers.sql', 'signal sqlstate', 'raise sqlstate'],
    ['r_07_difference_views.sql', 'from', 'form'],
  ])('%s with "%s" written "%s" is refused', (file, right, wrong) => {
    const broken = statementsOf(textOf(file)).find((statement) => statement.includes(right))
    expect(grammarErrors(readable(broken!).replaceAll(right, wrong), 'MYSQL')).toBeGreaterThan(0)
  })
})
