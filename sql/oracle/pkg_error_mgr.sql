-- The error manager: what it writes stays when the transaction that failed is taken back.

create or replace package pkg_error_mgr as
  -- The house's old call: which row was being written, by id, never by its values.
  procedure log_error(p_error_info varchar2);
  -- The same with the application's code and the text of the error.
  procedure log_failure(p_error_info varchar2, p_code error_log.errorcode%type, p_error varchar2);
end pkg_error_mgr;
/

create or replace package body pkg_error_mgr as
  procedure log_failure(p_error_info varchar2, p_code error_log.errorcode%type, p_error varchar2) is
    pragma autonomous_transaction;
    v_stack varchar2(4000 char) := substr(dbms_utility.format_call_stack(), 1, 4000);
    v_trace varchar2(4000 char) := substr(dbms_utility.format_error_backtrace(), 1, 4000);
  begin
    insert into error_log (errorcode, callstack, errorstack, backtrace, error_info)
    values (p_code, v_stack, substr(p_error, 1, 4000), v_trace, substr(p_error_info, 1, 4000));
    commit;
  end log_failure;

  procedure log_error(p_error_info varchar2) is
  begin
    log_failure(p_error_info, null, dbms_utility.format_error_stack());
  end log_error;
end pkg_error_mgr;
/
