/** The real driver, the wire, a real MariaDB in Oracle mode. */
import { setTimeout as sleep } from 'node:timers/promises'
import oracledb from 'oracledb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mariaDbMissing, testMariaDb } from '../../../../connectors/mysql/testing.ts'
import { exact, openRig } from '../testing/driver.ts'
import { type MariaRig, openMariaRig } from '../testing/maria.ts'
import { mariadbBackend } from './backend.ts'

const setup = [
  `create table branches (id number(10) not null, tax_id varchar2(14), name varchar2(60), limit_value number(38,10), changed date, stamp timestamp(6) null,
   notes clob, constraint branches_pk primary key (id))`,
  'create table wide (n number(38) not null)',
  'create table parents (id number(10) primary key)',
  'create table children (id number(10) primary key, parent_id number(10) not null, constraint fk foreign key (parent_id) references parents (id))',
  `create procedure add_branch(p_id in number, p_name in out varchar2, p_count out number, p_changed in out date) as
   begin
     insert into branches (id, name, changed) values (p_id, p_name, p_changed);
     p_name := concat('<', p_name, '>');
     select count(*) into p_count from branches;
     p_changed := p_changed + interval 1 day;
   end;`,
  'create package pkg_money as function in_cents(p_value in number) return number; procedure add_up(p_total in out number, p_note out varchar2); end;',
  `create package body pkg_money as
   function in_cents(p_value in number) return number as begin return p_value * 100; end;
   procedure add_up(p_total in out number, p_note out varchar2) as
   begin
     for b in (select id from branches) loop p_total := p_total + b.id; end loop;
     if p_total > 100 then p_note := 'muito'; end if;
   end;
   end;`,
  `create procedure fail_late(p_id in number) as
   begin
     insert into branches (id) values (p_id);
     signal sqlstate '45000' set message_text = 'the branch is locked', mysql_errno = 20001;
   end;`,
  `create procedure commit_inside(p_id in number) as
   begin
     insert into branches (id) values (p_id);
     commit;
     insert into branches (id) values (p_id + 1);
   end;`,
]

if (!mariaDbMissing('lab/simulators/oracle-wire on MariaDB')) {
  describe('the wire on a real MariaDB', () => {
    let rig: MariaRig
    beforeAll(async () => {
      rig = await openMariaRig(setup)
    })
    afterAll(() => rig.close())
    beforeEach(async () => {
      rig.simulator.setFaults([])
      await rig.direct('delete from branches')
    })
    const ids = async () => (await rig.direct('select id from branches order by id')).map(({ id }) => Number(id))

    test('select 1 from dual, and what columns of a table are', async () => {
      await rig.session(async (connection) => {
        expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
        const { metaData } = await connection.execute('SELECT b.*, UPPER(name) as shout, 1 "many" FROM Branches b', [], exact)
        expect(metaData).toMatchObject([
          { name: 'ID', dbTypeName: 'NUMBER', precision: 10, scale: 0, nullable: false },
          { name: 'TAX_ID', dbTypeName: 'VARCHAR2', byteSize: 14, nullable: true },
          { name: 'NAME', dbTypeName: 'VARCHAR2', byteSize: 60 },
          { name: 'LIMIT_VALUE', dbTypeName: 'NUMBER', precision: 38, scale: 10 },
          { name: 'CHANGED', dbTypeName: 'DATE' },
          { name: 'STAMP', dbTypeName: 'TIMESTAMP', precision: 6 },
          { name: 'NOTES', dbTypeName: 'CLOB' },
          { name: 'SHOUT', dbTypeName: 'VARCHAR2' },
          { name: 'many', dbTypeName: 'NUMBER' },
        ])
        const info = await connection.getStatementInfo('select id, notes from branches where id = :id and name = :name')
        expect(info.metaData?.map(({ name }) => name)).toEqual(['ID', 'NOTES'])
      })
    })

    test('values go in by binds and come back exactly: 38 digits, leading zeros, accents, quotes, backslashes, DST hours, empty is null', async () => {
      const changed = new Date('2024-03-10T02:30:00Z')
      const row = [
        1,
        '00000000000191',
        'São João d\'El-Rei \\ 100% "ok" 🚚',
        '12345678901234567890.5',
        changed,
        new Date('2024-11-03T01:30:00.120Z'),
        'ç'.repeat(50_000),
      ]
      await rig.session(async (connection) => {
        await connection.execute('insert into branches values (:1, :2, :3, :4, :5, :6, :7)', row)
        await connection.execute("insert into branches (id, tax_id, name) values (2, '', :name)", { name: '' })
        await connection.execute('insert into wide values (:n)', { n: '99999999999999999999999999999999999999' }, { autoCommit: true })
        const { rows } = await connection.execute('select * from branches order by id', [], exact)
        expect(rows).toEqual([
          ['1', ...row.slice(1)],
          ['2', null, null, null, null, null, null],
        ])
        const found = await connection.execute('select id from branches where changed = :at and tax_id = :tax and name is not null', {
          at: changed,
          tax: '00000000000191',
        })
        expect(found.rows).toEqual([[1]])
        expect((await connection.execute('select * from wide', [], exact)).rows).toEqual([['99999999999999999999999999999999999999']])
        expect((await connection.execute("select count(*) from branches where '' is null")).rows).toEqual([[2]])
      })
    })

    test('q-quotes, comments with colons, FETCH FIRST, SYSTIMESTAMP', async () => {
      await rig.session(async (connection) => {
        const sql = `select q'[it's :not a bind]', id /* :nor this */ from branches where id >= :low -- :nor that
          order by id fetch first 1 rows only`
        await connection.executeMany('insert into branches (id) values (:1)', [[5], [6]], { autoCommit: true })
        expect((await connection.execute(sql, { low: 5 })).rows).toEqual([["it's :not a bind", 5]])
        expect((await connection.execute<Date[]>('select systimestamp from dual')).rows?.[0]?.[0]).toBeInstanceOf(Date)
      })
    })

    test('an insert with several lists of values is refused as a 19c refuses it; what only looks like it is taken', async () => {
      await rig.session(async (connection) => {
        const insert = (values: string) => connection.execute(`insert into branches (id, name) values ${values}`)
        await expect(insert("(5, 'a'), (6, 'b')")).rejects.toMatchObject({ errorNum: 933 })
        await insert("(length('12345'), 'values (1), (2)')")
        expect((await connection.execute('select id, name from branches where id >= 5')).rows).toEqual([[5, 'values (1), (2)']])
      })
    })

    test('an SCN is a moment: all sessions read it as of then, in any number at once, while its own session lives', async () => {
      const [holder, one, other] = [await rig.connect(), await rig.connect(), await rig.connect()]
      const sql = 'select id from branches as of scn :scn where id >= :low'
      const ids = async (connection: oracledb.Connection, scn: number) =>
        (await connection.execute<number[]>(sql, { scn, low: 0 })).rows?.map(([id]) => id)
      await holder.executeMany('insert into branches (id) values (:1)', [[5], [6]], { autoCommit: true })
      const scn = (await holder.execute<[number]>('select current_scn from v$database')).rows![0]![0]
      await one.execute('delete from branches', [], { autoCommit: true })
      const next = (await other.execute<[number]>('select dbms_flashback.get_system_change_number from dual')).rows![0]![0]
      expect(next).toBeGreaterThan(scn)
      expect(await Promise.all([ids(one, scn), ids(other, scn), ids(one, next)])).toEqual([[5, 6], [5, 6], []])
      await expect(ids(one, next + 1e12)).rejects.toMatchObject({ errorNum: 8181 })
      await one.executeMany(
        'insert into branches (id) values (:1)',
        Array.from({ length: 9_000 }, (_, id) => [id]),
        { autoCommit: true },
      )
      const long = (await holder.execute<[number]>('select current_scn from v$database')).rows![0]![0]
      // More than lies in memory, so that each waits for the rest while the others want the connection.
      const count = async (connection: oracledb.Connection) => {
        const { resultSet } = await connection.execute(sql, { scn: long, low: 0 }, { resultSet: true, prefetchRows: 100 })
        let rows = 0
        for (let page = await resultSet!.getRows(100); page.length > 0; page = await resultSet!.getRows(100)) rows += page.length
        return rows
      }
      expect(await Promise.all([holder, one, other].map(count))).toEqual([9_000, 9_000, 9_000])
      await holder.close()
      await expect
        .poll(() =>
          ids(one, long).then(
            () => 0,
            ({ errorNum }) => errorNum,
          ),
        )
        .toBe(1555)
      await one.close()
      await other.close()
    })

    test('each session has a transaction of its own; commit shows it, rollback and closing undo it', async () => {
      const count = async (connection: oracledb.Connection) =>
        (await connection.execute<number[]>('select count(*) from branches')).rows?.[0]?.[0]
      await rig.session(async (reader) => {
        await rig.session(async (writer) => {
          expect((await writer.execute('insert into branches (id) values (1)')).rowsAffected).toBe(1)
          expect(writer.transactionInProgress).toBe(true)
          expect([await count(writer), await count(reader)]).toEqual([1, 0])
          await writer.commit()
          expect([writer.transactionInProgress, await count(reader)]).toEqual([false, 1])
          await writer.execute('delete from branches')
          await writer.rollback()
          expect(await count(writer)).toBe(1)
          await writer.execute('update branches set name = :1', ['x'])
        })
        await expect.poll(ids).toEqual([1])
        expect((await reader.execute('select name from branches')).rows).toEqual([[null]])
        expect((await reader.execute("update branches set name = 'y' where id = 1", [], { autoCommit: true })).rowsAffected).toBe(1)
        // Matched, though nothing is different: Oracle counts it, MariaDB by itself would not.
        expect((await reader.execute("update branches set name = 'y' where id = 1", [], { autoCommit: true })).rowsAffected).toBe(1)
      })
    })

    test('a statement that fails is undone alone, and the transaction goes on', async () => {
      await rig.session(async (connection) => {
        await connection.execute('insert into branches (id) values (1)')
        expect(connection.transactionInProgress).toBe(true)
        await expect(connection.execute('insert into branches (id) select 2 from dual union all select 1 from dual')).rejects.toMatchObject(
          { errorNum: 1 },
        )
        await expect(connection.execute('begin fail_late(3); end;')).rejects.toThrow('ORA-20001: the branch is locked')
        await connection.execute('insert into branches (id) values (4)')
        await connection.commit()
        expect(connection.transactionInProgress).toBe(false)
        await expect(connection.execute('insert into branches (id) values (1)')).rejects.toMatchObject({ errorNum: 1 })
        await expect(
          connection.executeMany('update branches set id = :1 where id = :2', [
            [5, 4],
            [1, 5],
          ]),
        ).rejects.toMatchObject({ errorNum: 1 })
        expect(connection.transactionInProgress).toBe(true)
        await connection.rollback()
      })
      expect(await ids()).toEqual([1, 4])
    })

    test('a block with IN, OUT and IN OUT binds, by name and by position, the first time and again', async () => {
      await rig.session(async (connection) => {
        for (const id of [1, 2]) {
          const binds = {
            id,
            name: { dir: oracledb.BIND_INOUT, val: 'São', maxSize: 100 },
            total: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
            at: { dir: oracledb.BIND_INOUT, val: new Date('2024-03-09T02:30:00Z'), type: oracledb.DB_TYPE_DATE },
          }
          const { outBinds } = await connection.execute('begin add_branch(:id, :name, :total, :at); end;', binds)
          expect(outBinds).toEqual({ name: '<São>', total: id, at: new Date('2024-03-10T02:30:00Z') })
        }
        const sum = await connection.execute<number[]>('declare v number(10); begin v := :1 + 1; :2 := v; end;', [
          41,
          { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
        ])
        expect(sum.outBinds).toEqual([42])
        await connection.execute('begin commit_inside(:id); end;', { id: 10 })
        expect(connection.transactionInProgress).toBe(true)
        await connection.rollback()
      })
      expect(await ids()).toEqual([1, 2, 10])
    })

    test('functions and procedures of a package, in a query and in blocks; an OUT bind that nothing was put into is null', async () => {
      await rig.direct('insert into branches (id) values (40), (50)')
      await rig.session(async (connection) => {
        expect((await connection.execute('select pkg_money.in_cents(:v) from dual', { v: 12.34 })).rows).toEqual([[1234]])
        const cents = { dir: oracledb.BIND_OUT, type: oracledb.STRING }
        expect((await connection.execute('begin :cents := pkg_money.in_cents(:v); end;', { cents, v: 0.5 })).outBinds).toEqual({
          cents: '50',
        })
        const total = (val: number) => ({ dir: oracledb.BIND_INOUT, type: oracledb.NUMBER, val })
        const note = { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 10 }
        expect((await connection.execute('begin pkg_money.add_up(:total, :note); end;', { total: total(1), note })).outBinds).toEqual({
          total: 91,
          note: null,
        })
        expect((await connection.execute('begin pkg_money.add_up(:total, :note); end;', { total: total(20), note })).outBinds).toEqual({
          total: 110,
          note: 'muito',
        })
      })
    })

    test('a SELECT INTO without a row that nobody handles is ORA-01403, and the block is undone', async () => {
      await rig.session(async (connection) => {
        const block = (end: string) =>
          `declare v number(10); begin insert into branches (id) values (1); select id into v from branches where id = 99; ${end} end;`
        await expect(connection.execute(block(''))).rejects.toMatchObject({ errorNum: 1403 })
        await connection.execute(block('exception when no_data_found then insert into branches (id) values (2);'), [], { autoCommit: true })
      })
      expect(await ids()).toEqual([1, 2])
    })

    test('SET TRANSACTION READ ONLY sees one moment until its end, and refuses changes', async () => {
      const count = async (connection: oracledb.Connection) =>
        (await connection.execute<number[]>('select count(*) from branches')).rows?.[0]?.[0]
      await rig.session(async (connection) => {
        await connection.execute('set transaction read only')
        await rig.direct('insert into branches (id) values (1)')
        expect(await count(connection)).toBe(0)
        await expect(connection.execute('insert into branches (id) values (2)')).rejects.toMatchObject({ errorNum: 1456 })
        await connection.commit()
        expect(await count(connection)).toBe(1)
        await connection.execute('insert into branches (id) values (2)', [], { autoCommit: true })
      })
      expect(await ids()).toEqual([1, 2])
    })

    test('executeMany of a block gives the OUT binds of each row', async () => {
      const bindDefs = { id: { type: oracledb.NUMBER }, twice: { type: oracledb.NUMBER, dir: oracledb.BIND_OUT } }
      const sql = 'begin insert into branches (id) values (:id); :twice := :id * 2; end;'
      const result = await rig.session((connection) =>
        connection.executeMany(sql, [{ id: 1 }, { id: 2 }, { id: 3 }], { bindDefs, autoCommit: true }),
      )
      expect(result.outBinds).toEqual([{ twice: 2 }, { twice: 4 }, { twice: 6 }])
      expect(await ids()).toEqual([1, 2, 3])
    })

    test('executeMany inserts thousands; with batchErrors the bad rows are told by place and number, and the good ones stand', async () => {
      await rig.session(async (connection) => {
        const rows = Array.from({ length: 2500 }, (_, index) => [index + 1, `branch ${index + 1}`])
        const sql = 'insert into branches (id, name) values (:1, :2)'
        expect((await connection.executeMany(sql, rows)).rowsAffected).toBe(2500)
        const mixed = [
          [3000, 'good'],
          [7, 'twice'],
          [3001, 'x'.repeat(61)],
          [3002, 'good'],
        ]
        const result = await connection.executeMany(sql, mixed, { batchErrors: true })
        expect(result.rowsAffected).toBe(2)
        expect(result.batchErrors?.map(({ offset, message }) => `${offset} ${/ORA-\d+/.exec(message)?.[0]}`)).toEqual([
          '1 ORA-00001',
          '2 ORA-12899',
        ])
        await expect(
          connection.executeMany(sql, [
            [4000, 'first'],
            [7, 'twice'],
            [4001, 'never'],
          ]),
        ).rejects.toMatchObject({ errorNum: 1 })
        await connection.commit()
        const updated = await connection.executeMany(
          'update branches set name = :1 where id >= :2',
          [
            ['a', 3000],
            ['b', 4000],
          ],
          { dmlRowCounts: true, autoCommit: true },
        )
        expect(updated).toMatchObject({ rowsAffected: 4, dmlRowCounts: [3, 1] })
      })
      expect((await ids()).slice(-3)).toEqual([3000, 3002, 4000])
    })

    test('INSERT ... RETURNING gives the value back', async () => {
      const binds = { name: 'new', id: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER } }
      const result = await rig.session((connection) =>
        connection.execute('insert into branches (id, name) values (77, :name) returning id into :id', binds),
      )
      expect(result).toMatchObject({ rowsAffected: 1, outBinds: { id: [77] } })
    })

    test.each([
      ['select * from nowhere', 942],
      ['select nothing from branches', 904],
      ['selec 1', 900],
      ['begin nothing(1); end;', 6550],
      ['insert into branches (id) values (null)', 1400],
      ['insert into branches (id) values (99999999999)', 1438],
      ["insert into branches (id) values ('abc')", 1722],
      ['insert into children values (1, 1)', 2291],
      ['select (select id from parents union all select 1 from dual union all select 2 from dual) from dual', 1427],
      ['create table branches (id number)', 955],
    ])('%s is ORA-%i', async (sql, number) => {
      await rig.session((connection) => expect(connection.execute(sql)).rejects.toMatchObject({ errorNum: number }))
    })

    test('a deadlock is ORA-00060 for one, and a lock that is not waited for ORA-00054', async () => {
      await rig.direct('insert into branches (id) values (1), (2)')
      await rig.session((one) =>
        rig.session(async (two) => {
          const touch = (connection: oracledb.Connection, id: number) =>
            connection.execute('update branches set name = :1 where id = :2', ['x', id])
          await touch(one, 1)
          await touch(two, 2)
          await expect(two.execute('select id from branches where id = 1 for update nowait')).rejects.toMatchObject({ errorNum: 54 })
          const outcomes = await Promise.allSettled([touch(one, 2), sleep(50).then(() => touch(two, 1))])
          const failed = outcomes.filter(({ status }) => status === 'rejected')
          expect(failed).toMatchObject([{ reason: { errorNum: 60 } }])
          await Promise.all([one.rollback(), two.rollback()])
        }),
      )
    })

    test('a result is streamed, several at a time, beside changes; one that is closed early stops the query', async () => {
      const rows = Array.from({ length: 20_000 }, (_, index) => [index, `name ${index}`])
      await rig.session(async (connection) => {
        await connection.executeMany('insert into branches (id, name) values (:1, :2)', rows, { autoCommit: true })
        const open = async (sql: string) =>
          (await connection.execute<unknown[]>(sql, [], { resultSet: true, fetchArraySize: 500, prefetchRows: 500 })).resultSet!
        const one = await open('select id, name from branches order by id')
        expect(await one.getRows(500)).toHaveLength(500)
        const two = await open('select id from branches order by id desc')
        expect((await two.getRows(1))[0]).toEqual([19_999])
        await connection.execute("update branches set name = 'changed'", [], { autoCommit: true })
        let count = 500
        for (let page = await one.getRows(500); page.length > 0; page = await one.getRows(500)) count += page.length
        expect(count).toBe(20_000)
        await one.close()
        await two.close()
        const endless = await open('select a.id from branches a, branches b, branches c')
        expect(await endless.getRows(500)).toHaveLength(500)
        await endless.close()
        for (let time = 0; time < 20; time += 1) expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
      })
    })

    test('break and callTimeout end what runs on MariaDB, and the session goes on', async () => {
      await rig.session(async (connection) => {
        for (let time = 0; time < 3; time += 1) {
          const running = connection.execute('select sleep(60) from dual')
          const atWork = () => rig.direct("select id from information_schema.processlist where info like 'select sleep(60)%'")
          await expect.poll(atWork, { timeout: 30_000 }).toHaveLength(1)
          await connection.break()
          await expect(running).rejects.toMatchObject({ errorNum: 1013 })
          expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
        }
        connection.callTimeout = 200
        await expect(connection.execute('begin do sleep(60); end;')).rejects.toMatchObject({ code: 'NJS-123' })
        connection.callTimeout = 0
        expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
      })
    })

    test('a driver that is gone leaves nothing behind: its query ends, its changes are undone, its locks are free', async () => {
      await rig.direct('insert into branches (id) values (1)')
      const gone = await rig.connect()
      await gone.execute("update branches set name = 'never' where id = 1")
      const running = gone.execute('select sleep(61) from dual').catch(() => {})
      await sleep(100)
      rig.simulator.dropAll()
      await running
      await rig.session((connection) => connection.execute("update branches set name = 'mine' where id = 1", [], { autoCommit: true }))
      const sleeping = () =>
        rig.direct("select * from information_schema.processlist where info like '%sleep(61)%' and info not like '%processlist%'")
      await expect.poll(sleeping, { timeout: 10_000 }).toEqual([])
      expect(await rig.direct('select name from branches')).toMatchObject([{ name: 'mine' }])
    })

    test('of a commit whose answer is lost, the effect is there or not, as the fault says', async () => {
      for (const [when, id] of [
        ['before', 1],
        ['after', 2],
      ] as const) {
        rig.simulator.setFaults([{ at: 'commit', do: 'drop', when }])
        await rig.session(async (connection) => {
          await connection.execute('insert into branches (id) values (:id)', { id })
          await expect(connection.commit()).rejects.toMatchObject({ code: 'NJS-500' })
        })
      }
      await expect.poll(ids).toEqual([2])
    })

    test('DDL through the wire commits, and a re-executed query with other columns is described anew', async () => {
      await rig.session(async (connection) => {
        await connection.execute('create table shapes (a number(5))')
        await connection.execute('insert into shapes values (1)')
        expect((await connection.execute('select * from shapes')).rows).toEqual([[1]])
        await connection.execute('alter table shapes add (b varchar2(10))')
        expect(connection.transactionInProgress).toBe(false)
        expect((await connection.execute('select * from shapes')).rows).toEqual([[1, null]])
        await connection.execute('drop table shapes')
      })
    })
  })

  test('a MariaDB that refuses the simulator itself is ORA-01017 at the logon, one that is away ORA-01034', async () => {
    const database = await testMariaDb()
    const [wrong, away] = [new URL(database.url), new URL(database.url)]
    wrong.password = 'wrong'
    away.port = '1'
    for (const [url, number] of [
      [wrong, 1017],
      [away, 1034],
    ] as const) {
      const rig = await openRig(mariadbBackend({ url: url.href }))
      await expect(rig.connect()).rejects.toThrow(`ORA-0${number}`)
      await rig.close()
    }
    await database.drop()
  })

  test('DDL that MariaDB does not know goes through what mends it, and comments and grants do no harm', async () => {
    const rig = await openMariaRig([], {
      ddl: (statement) => statement.replaceAll(/(varchar2\(\d+) char\)/gi, '$1)').replace(/^grant .*/i, 'comment on x'),
    })
    await rig.session(async (connection) => {
      await connection.execute("create table branches (name VARCHAR2(60 CHAR) default 'It''s :NEW')")
      await connection.execute("comment on table branches is 'ERP'")
      await connection.execute('grant select on branches to reader')
      await connection.execute(
        'create or replace trigger t before insert on branches for each row begin :NEW.name := upper(:new.name); end;',
      )
      await connection.execute("insert into branches values ('são')")
      expect((await connection.execute('select name from branches')).rows).toEqual([['SÃO']])
    })
    await rig.close()
  })

  test('a user without flashback is told ORA-01031, so that the way round it can be tried', async () => {
    const rig = await openMariaRig([], { flashback: 'refused' })
    await rig.session(async (connection) => {
      for (const sql of [
        'select current_scn from v$database',
        'select 1 from dual as of scn 5',
        'select dbms_flashback.get_system_change_number from dual',
      ]) {
        await expect(connection.execute(sql)).rejects.toMatchObject({ errorNum: 1031 })
      }
    })
    await rig.close()
  })
}
