-- The switch "mirror only": until the transaction ends, a write to the mirror leaves the ERP alone. It is for values that the CRM took
-- from the ERP: when the ERP moved on while they were under way, a trigger would put the old value back.

create or replace package ponte_session as
  -- p_switch: on or off. On lasts as long as the transaction, which this call begins if there is none.
  procedure mirror_only(p_switch varchar2);
  -- S or N.
  function is_mirror_only return varchar2;
end ponte_session;
/

create or replace package body ponte_session as
  v_switched_in varchar2(200 char);

  procedure mirror_only(p_switch varchar2) is
  begin
    v_switched_in := null;
    if p_switch = 'on' then
      v_switched_in := dbms_transaction.local_transaction_id(true);
    end if;
  end mirror_only;

  function is_mirror_only return varchar2 is
  begin
    if v_switched_in = dbms_transaction.local_transaction_id(false) then
      return 'S';
    end if;
    return 'N';
  end is_mirror_only;
end ponte_session;
/
