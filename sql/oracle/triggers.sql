-- Triggers, one per event. The mirror write is refused when the ERP write fails: -20020, and ERROR_LOG keeps why, with the
-- row's id but none of its values; an error of the database itself is raised as it is. The triggers of LEADS and CONTACTS may be disabled; those of the key columns may not.
-- On update only what moved in the mirror is handed on: an unmoved value may be older than the ERP's, and handing it on would undo the
-- ERP's change (only the CRM moved -> to the ERP). A branch or contact that is not there yet needs all of them.

create or replace trigger trg_log_execution_crm before insert on log_execution_crm for each row
begin
  if :new.log_id is null then
    :new.log_id := seq_log_execution_crm.nextval;
  end if;
end;
/

-- Key columns: what is compared and indexed. They fire only when their source is written, so that the ERP's other updates pay nothing.
create or replace trigger trg_state_key_ins before insert on states for each row
begin
  :new.name_key := plain_key(:new.name);
end;
/

create or replace trigger trg_state_key_upd before update of name on states for each row
begin
  :new.name_key := plain_key(:new.name);
end;
/

create or replace trigger trg_city_key_ins before insert on cities for each row
begin
  :new.name_key := plain_key(:new.city_name);
end;
/

create or replace trigger trg_city_key_upd before update of city_name on cities for each row
begin
  :new.name_key := plain_key(:new.city_name);
end;
/

create or replace trigger trg_industry_key_ins before insert on industries for each row
begin
  :new.description_key := plain_key(:new.description);
end;
/

create or replace trigger trg_industry_key_upd before update of description on industries for each row
begin
  :new.description_key := plain_key(:new.description);
end;
/

create or replace trigger trg_branch_key_ins before insert on branches for each row
begin
  :new.taxid_key := taxid_key(:new.taxid);
end;
/

create or replace trigger trg_branch_key_upd before update of taxid on branches for each row
begin
  :new.taxid_key := taxid_key(:new.taxid);
end;
/

create or replace trigger trg_erp_contact_key_ins before insert on contact for each row
begin
  :new.email_key := email_key(:new.email);
end;
/

create or replace trigger trg_erp_contact_key_upd before update of email on contact for each row
begin
  :new.email_key := email_key(:new.email);
end;
/

create or replace trigger trg_lead_key_ins before insert on leads for each row
begin
  :new.taxid_key := taxid_key(:new.taxid);
end;
/

create or replace trigger trg_lead_key_upd before update of taxid on leads for each row
begin
  :new.taxid_key := taxid_key(:new.taxid);
end;
/

-- A lead that is new in the mirror. The tax id goes on in the form in which it is compared.
create or replace trigger trg_crm_insert_erp before insert on leads for each row
declare
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
begin
  if ponte_session.is_mirror_only() = 'N' then
    prc_update_clients(
      taxid_key(:new.taxid), :new.id, :new.name, :new.industry, :new.tax_registration, :new.address_street, :new.address_number,
      :new.address_complement, :new.address_district, :new.address_zipcode, :new.city, :new.state, :new.phone, :new.sales_rep, 'N',
      :new.financial_analysis);
  end if;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    pkg_error_mgr.log_failure('lead ' || :new.id, -20020, v_error);
    raise_application_error(-20020, substr('lead ' || :new.id || ' was not written: ' || v_error, 1, 1500));
end;
/

create or replace trigger trg_crm_update_erp before update on leads for each row
declare
  v_known number(10);
  v_all varchar2(1 char) := 'N';
  v_key branches.taxid_key%type := taxid_key(:new.taxid);
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
begin
  if ponte_session.is_mirror_only() = 'N' then
    select count(*) into v_known from branches where id_crm = :new.id or taxid_key = v_key;
    if v_known = 0 then
      v_all := 'S';
    end if;
    prc_update_clients(
      v_key, :new.id, :new.name, if_moved(v_all, :old.industry, :new.industry),
      if_moved(v_all, :old.tax_registration, :new.tax_registration), :new.address_street, :new.address_number,
      :new.address_complement, :new.address_district, :new.address_zipcode, :new.city, :new.state,
      if_moved(v_all, :old.phone, :new.phone), if_moved(v_all, :old.sales_rep, :new.sales_rep), 'N',
      if_moved(v_all, :old.financial_analysis, :new.financial_analysis));
  end if;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    pkg_error_mgr.log_failure('lead ' || :new.id, -20020, v_error);
    raise_application_error(-20020, substr('lead ' || :new.id || ' was not written: ' || v_error, 1, 1500));
end;
/

create or replace trigger trg_crm_insert_contact_erp after insert on contacts for each row
declare
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
begin
  insert into mirrored_persons (id) values (:new.id);
  if ponte_session.is_mirror_only() = 'N' then
    prc_update_lead_contacts(
      :new.client_code, :new.name, :new.email, :new.phone, :new.job_title, :new.is_primary, :new.id, 'A', :new.lead_id);
  end if;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    pkg_error_mgr.log_failure('contact ' || :new.id, -20020, v_error);
    raise_application_error(-20020, substr('contact ' || :new.id || ' was not written: ' || v_error, 1, 1500));
end;
/

create or replace trigger trg_crm_update_contact_erp after update on contacts for each row
declare
  v_linked number(10);
  v_adoptable number(10) := 0;
  v_key contact.email_key%type := email_key(:new.email);
  v_all varchar2(1 char) := 'N';
  v_mail_too varchar2(1 char) := 'N';
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
begin
  if :new.id <> :old.id then
    update mirrored_persons set id = :new.id where id = :old.id;
  end if;
  if ponte_session.is_mirror_only() = 'N' then
    select count(*) into v_linked from contact where id_crm = :new.id;
    if v_linked = 0 then
      -- A contact without the person's id is found by the e-mail, also when that did not move.
      v_mail_too := 'S';
      select count(*) into v_adoptable from contact c
       where c.branch_client = :new.client_code and c.email_key = v_key
         and not exists (select 1 from mirrored_persons m where m.id = c.id_crm)
         and not exists (select 1 from branches b
                          where b.client = c.branch_client and b.code = c.branch_code and b.id_crm <> :new.lead_id);
      if v_adoptable = 0 then
        v_all := 'S';
      end if;
    end if;
    prc_update_lead_contacts(
      :new.client_code, if_moved(v_all, :old.name, :new.name), if_moved(v_mail_too, :old.email, :new.email),
      if_moved(v_all, :old.phone, :new.phone), if_moved(v_all, :old.job_title, :new.job_title),
      if_moved(v_all, :old.is_primary, :new.is_primary), :new.id, 'A', :new.lead_id);
  end if;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    pkg_error_mgr.log_failure('contact ' || :new.id, -20020, v_error);
    raise_application_error(-20020, substr('contact ' || :new.id || ' was not written: ' || v_error, 1, 1500));
end;
/

-- The original's delete branch could never run; whether deletions reach the ERP is the owner's decision.
create or replace trigger trg_crm_delete_contact_erp after delete on contacts for each row
declare
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
begin
  delete from mirrored_persons where id = :old.id;
  if ponte_session.is_mirror_only() = 'N' and ponte_setting('delete_contacts_in_erp') in ('S', 'Y') then
    prc_update_lead_contacts(
      :old.client_code, :old.name, :old.email, :old.phone, :old.job_title, :old.is_primary, :old.id, 'D', :old.lead_id);
  end if;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    pkg_error_mgr.log_failure('contact ' || :old.id, -20020, v_error);
    raise_application_error(-20020, substr('contact ' || :old.id || ' was not written: ' || v_error, 1, 1500));
end;
/
