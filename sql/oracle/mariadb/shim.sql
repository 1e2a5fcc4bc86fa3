-- What Oracle has and MariaDB's Oracle mode lacks, as far as the scripts of sql/oracle use it. For tests and the simulator only: it is
-- never installed in an Oracle. Written for MariaDB, so nothing here is proven by it.

-- A space, or any code points: unistr('\00A0').
create or replace function unistr(p_text varchar2) return varchar2 deterministic is
  v_result varchar2(4000);
  v_at number(10) := 1;
begin
  while v_at <= length(p_text) loop
    if substr(p_text, v_at, 1) = '\' then
      v_result := v_result || convert(convert(unhex(substr(p_text, v_at + 1, 4)) using ucs2) using utf8mb4);
      v_at := v_at + 5;
    else
      v_result := v_result || substr(p_text, v_at, 1);
      v_at := v_at + 1;
    end if;
  end loop;
  return v_result;
end;
/

create or replace function translate(p_text varchar2, p_from varchar2, p_to varchar2) return varchar2 deterministic is
  v_result varchar2(4000);
  v_char varchar2(4);
  v_place number(10);
begin
  if p_text not rlike '[^ -~]' and p_from rlike '^[^ -~]+$' then
    return p_text;
  end if;
  for v_at in 1 .. ifnull(length(p_text), 0) loop
    v_char := mid(p_text, v_at, 1);
    v_place := instr(p_from, v_char);
    if v_place = 0 then
      v_result := concat(ifnull(v_result, ''), v_char);
    elsif v_place <= length(p_to) then
      v_result := concat(ifnull(v_result, ''), mid(p_to, v_place, 1));
    end if;
  end loop;
  return v_result;
end;
/

create or replace function initcap(p_text varchar2) return varchar2 deterministic is
  v_result varchar2(4000);
  v_char varchar2(4);
  v_inside number(1) := 0;
begin
  for v_at in 1 .. ifnull(length(p_text), 0) loop
    v_char := mid(p_text, v_at, 1);
    if v_inside = 0 then
      v_result := concat(ifnull(v_result, ''), upper(v_char));
    else
      v_result := concat(ifnull(v_result, ''), lower(v_char));
    end if;
    v_inside := case when v_char rlike '[[:alnum:]]' then 1 else 0 end;
  end loop;
  return v_result;
end;
/

create or replace function trunc(p_day datetime) return datetime deterministic is
begin
  return cast(cast(p_day as date) as datetime);
end;
/

create or replace function to_number(p_text varchar2, p_format varchar2) return number(38,12) deterministic is
begin
  return cast(p_text as decimal(38, 12));
end;
/

create or replace function standard_hash(p_text text, p_method varchar2) return varchar2 deterministic is
begin
  return upper(md5(p_text));
end;
/

create or replace function rawtohex(p_text varchar2) return varchar2 deterministic is
begin
  return p_text;
end;
/

-- The time in a zone. Without the server's table of zones: Brazil's capital since 2019, else UTC.
create or replace function shim_at_time_zone(p_utc datetime(6), p_zone varchar2) return datetime is
begin
  return ifnull(convert_tz(p_utc, 'UTC', p_zone),
                p_utc - interval case when p_zone = 'America/Sao_Paulo' then 3 else 0 end hour);
end;
/

-- MariaDB's numbers of what is systemic, as Oracle's.
create or replace function shim_ora_code(p_number number(10)) return number(10) deterministic is
begin
  return case p_number when 1213 then -60 when 1205 then -54 when 1114 then -1653 when 1317 then -1013 else 0 end;
end;
/

-- MESSAGE_TEXT holds 512 bytes at most.
create or replace procedure raise_application_error(p_code number(10), p_text varchar2) is
  v_text varchar2(500) := substr('ORA' || p_code || ': ' || p_text, 1, 400);
begin
  signal sqlstate '45000' set mysql_errno = 30001, message_text = v_text;
end;
/

create or replace package dbms_utility as
  function format_call_stack return varchar2;
  function format_error_stack return varchar2;
  function format_error_backtrace return varchar2;
end;
/

create or replace package body dbms_utility as
  function format_call_stack return varchar2 is
  begin
    return null;
  end;
  function format_error_stack return varchar2 is
  begin
    return null;
  end;
  function format_error_backtrace return varchar2 is
  begin
    return null;
  end;
end;
/

-- A transaction's name. Whoever ends transactions says so: set @ponte_transaction = ifnull(@ponte_transaction, 0) + 1.
create or replace package dbms_transaction as
  function local_transaction_id(p_create boolean) return varchar2;
end;
/

create or replace package body dbms_transaction as
  function local_transaction_id(p_create boolean) return varchar2 is
  begin
    return '1.' || ifnull(@ponte_transaction, 0);
  end;
end;
/

-- Statistics of tables, and how many rows were changed, of which MariaDB keeps account when it is started with --userstat=1.
create or replace package dbms_stats as
  procedure gather_table_stats(p_owner varchar2, p_table varchar2);
  procedure flush_database_monitoring_info;
end;
/

create or replace package body dbms_stats as
  procedure gather_table_stats(p_owner varchar2, p_table varchar2) is
  begin
    execute immediate 'analyze table ' || lower(p_table);
  end;
  procedure flush_database_monitoring_info is
  begin
    if @@global.userstat = 0 then
      raise_application_error(-20000, 'start MariaDB with --userstat=1');
    end if;
  end;
end;
/

create or replace view user_tab_modifications as
select upper(table_name) as table_name, rows_changed as inserts, 0 as updates, 0 as deletes
  from information_schema.table_statistics
 where table_schema = database();
/

-- What the owner of a schema may do.
create or replace view session_privs as
select 'CREATE TABLE' as privilege union all select 'CREATE VIEW' union all select 'CREATE SEQUENCE' union all select 'CREATE PROCEDURE'
union all select 'CREATE TRIGGER';
/

create or replace view user_ts_quotas as
select 'USERS' as tablespace_name, -1 as max_bytes;
/

-- The dictionary of the tables that are there.
create or replace view user_tab_columns as
select upper(table_name) as table_name, upper(column_name) as column_name, ordinal_position as column_id,
       case when data_type = 'varchar' then 'VARCHAR2' when data_type in ('decimal', 'bigint', 'int', 'double') then 'NUMBER'
            when data_type in ('longtext', 'text') then 'CLOB' when data_type = 'timestamp' then concat('TIMESTAMP(', datetime_precision, ')')
            else upper(data_type) end as data_type,
       character_maximum_length as char_length, case when data_type = 'varchar' then 'C' end as char_used,
       case when data_type <> 'double' then numeric_precision end as data_precision, numeric_scale as data_scale,
       case is_nullable when 'NO' then 'N' else 'Y' end as nullable,
       case when column_default is not null and column_default <> 'NULL' then length(column_default) end as default_length
  from information_schema.columns
 where table_schema = database();
/

create or replace view user_constraints as
select upper(table_name) as table_name, constraint_name, case constraint_type when 'PRIMARY KEY' then 'P' else 'U' end as constraint_type
  from information_schema.table_constraints
 where table_schema = database();
/
