-- ERROR_LOG and LOG_EXECUTION_CRM.

create table error_log (
  log_id number(27) default seq_error_log_id.nextval primary key,
  created_on timestamp(6) default localtimestamp(6) not null,
  created_by varchar2(100 char) default user not null,
  errorcode number(10),
  callstack varchar2(4000 char),
  errorstack varchar2(4000 char),
  backtrace varchar2(4000 char),
  error_info varchar2(4000 char)
);
comment on table error_log is 'written by pkg_error_mgr in a transaction of its own, so that it outlives the one that failed';
comment on column error_log.errorcode is '-20001 client not added, -20012 client not updated, -20020 mirror write refused; else null';
comment on column error_log.callstack is 'DBMS_UTILITY.FORMAT_CALL_STACK';
comment on column error_log.errorstack is 'code and message, without values of the row';
comment on column error_log.backtrace is 'DBMS_UTILITY.FORMAT_ERROR_BACKTRACE';
comment on column error_log.error_info is 'which row was being written, by id';

create table log_execution_crm (
  log_id number(28) primary key,
  created_on timestamp(6) default localtimestamp(6) not null,
  job varchar2(100 char),
  lead_id varchar2(30 char),
  lead_name varchar2(200 char),
  field varchar2(100 char),
  value varchar2(4000 char)
);
comment on table log_execution_crm is 'business events for people in the ERP';
comment on column log_execution_crm.log_id is 'filled by trg_log_execution_crm when null';
comment on column log_execution_crm.job is 'name of the job';
comment on column log_execution_crm.lead_id is 'CRM id';
comment on column log_execution_crm.field is 'field that the event is about';
