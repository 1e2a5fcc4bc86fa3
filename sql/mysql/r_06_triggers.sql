-- Triggers. The mirror write is refused when the ERP write fails: SQLSTATE P2020 carries -20020. MySQL has no
-- autonomous transaction, so the connector writes ERROR_LOG on a connection of its own after the refusal. MySQL has one trigger per
-- event, so the work stands in procedures. LOG_EXECUTION_CRM numbers itself: MySQL's auto_increment is what trg_log_execution_crm does.
--
-- The session variable @ponte_mirror_only = 'on' writes the mirror alone. It is for values that the CRM took from the ERP: when
-- the ERP moved on while they were under way, the trigger would put the old value back. The trigger is optional.

-- MySQL has no `update of`: a title is made anew only when its source moved, so that the ERP's other updates pay next to nothing.
create trigger trg_states_title_insert before insert on states for each row set new.name_title = initcap2(new.name)
//
create trigger trg_states_title_update before update on states for each row set new.name_title = if(new.name <=> old.name, new.name_title, initcap2(new.name))
//
create trigger trg_cities_title_insert before insert on cities for each row set new.name_title = initcap2(new.city_name)
//
create trigger trg_cities_title_update before update on cities for each row set new.name_title = if(new.city_name <=> old.city_name, new.name_title, initcap2(new.city_name))
//
create trigger trg_industries_title_insert before insert on industries for each row set new.description_title = initcap2(new.description)
//
create trigger trg_industries_title_update before update on industries for each row set new.description_title = if(new.description <=> old.description, new.description_title, initcap2(new.description))
//

-- On update only what moved in the mirror is handed on: an unmoved value may be older than the ERP's, and handing it on would
-- undo the ERP's change (only the CRM moved -> to the ERP). A branch that is not there yet needs all of them.
create trigger trg_crm_insert_erp before insert on leads for each row
begin
  declare v_errno integer;
  declare v_message varchar(512);
  declare exit handler for sqlexception
  begin
    get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
    if ponte_is_systemic(v_errno) then
      resignal;
    end if;
    set v_message = left(concat('-20020: lead ', new.id, ' was not written: ', ponte_error_text(v_errno, v_message)), 128);
    signal sqlstate 'P2020' set message_text = v_message;
  end;
  if not (@ponte_mirror_only <=> 'on') then
    call prc_update_clients(
      taxid_key(new.taxid), new.id, new.name, new.industry, new.tax_registration,
      new.address_street, new.address_number, new.address_complement, new.address_district, new.address_zipcode, new.city, new.state,
      new.phone, new.sales_rep, 'N',
      new.financial_analysis);
  end if;
end
//
create trigger trg_crm_update_erp before update on leads for each row
begin
  declare v_all boolean;
  declare v_errno integer;
  declare v_message varchar(512);
  declare exit handler for sqlexception
  begin
    get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
    if ponte_is_systemic(v_errno) then
      resignal;
    end if;
    set v_message = left(concat('-20020: lead ', new.id, ' was not written: ', ponte_error_text(v_errno, v_message)), 128);
    signal sqlstate 'P2020' set message_text = v_message;
  end;
  if not (@ponte_mirror_only <=> 'on') then
    set v_all = not exists (select 1 from branches where id_crm = new.id)
      and not exists (select 1 from branches where taxid_key = taxid_key(new.taxid));
    call prc_update_clients(
      taxid_key(new.taxid), new.id, new.name, if(v_all or not (new.industry <=> old.industry), new.industry, null), if(v_all or not (new.tax_registration <=> old.tax_registration), new.tax_registration, null),
      new.address_street, new.address_number, new.address_complement, new.address_district, new.address_zipcode, new.city, new.state,
      if(v_all or not (new.phone <=> old.phone), new.phone, null), if(v_all or not (new.sales_rep <=> old.sales_rep), new.sales_rep, null), 'N',
      if(v_all or not (new.financial_analysis <=> old.financial_analysis), new.financial_analysis, null));
  end if;
end
//

create trigger trg_crm_insert_contact_erp after insert on contacts for each row
begin
  declare v_errno integer;
  declare v_message varchar(512);
  declare exit handler for sqlexception
  begin
    get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
    if ponte_is_systemic(v_errno) then
      resignal;
    end if;
    set v_message = left(concat('-20020: contact ', new.id, ' was not written: ', ponte_error_text(v_errno, v_message)), 128);
    signal sqlstate 'P2020' set message_text = v_message;
  end;
  if not (@ponte_mirror_only <=> 'on') then
    call prc_update_client_contacts(new.client_code, new.name, new.email, new.phone, new.job_title, new.is_primary, new.id, 'A', new.lead_id);
  end if;
end
//
create trigger trg_crm_update_contact_erp after update on contacts for each row
begin
  declare v_all, v_linked boolean;
  declare v_errno integer;
  declare v_message varchar(512);
  declare exit handler for sqlexception
  begin
    get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
    if ponte_is_systemic(v_errno) then
      resignal;
    end if;
    set v_message = left(concat('-20020: contact ', new.id, ' was not written: ', ponte_error_text(v_errno, v_message)), 128);
    signal sqlstate 'P2020' set message_text = v_message;
  end;
  if not (@ponte_mirror_only <=> 'on') then
    set v_linked = exists (select 1 from contact where id_crm = new.id);
    set v_all = contact_of_person(new.id, new.client_code, new.email, new.lead_id) is null;
    call prc_update_client_contacts(
      new.client_code, if(v_all or not (new.name <=> old.name), new.name, null),
      -- A contact without the person's id is found by the e-mail, also when that did not move.
      if(v_all or not v_linked or not (new.email <=> old.email), new.email, null),
      if(v_all or not (new.phone <=> old.phone), new.phone, null), if(v_all or not (new.job_title <=> old.job_title), new.job_title, null),
      if(v_all or not (new.is_primary <=> old.is_primary), new.is_primary, null), new.id, 'A', new.lead_id);
  end if;
end
//
create trigger trg_crm_delete_contact_erp after delete on contacts for each row
begin
  declare v_errno integer;
  declare v_message varchar(512);
  declare exit handler for sqlexception
  begin
    get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
    if ponte_is_systemic(v_errno) then
      resignal;
    end if;
    set v_message = left(concat('-20020: contact ', old.id, ' was not written: ', ponte_error_text(v_errno, v_message)), 128);
    signal sqlstate 'P2020' set message_text = v_message;
  end;
  -- The original's delete branch could never run; whether deletions reach the ERP is the owner's decision.
  if not (@ponte_mirror_only <=> 'on') and ponte_setting('delete_contacts_in_erp') in ('S', 'Y') then
    call prc_update_client_contacts(old.client_code, old.name, old.email, old.phone, old.job_title, old.is_primary, old.id, 'D', old.lead_id);
  end if;
end
//
