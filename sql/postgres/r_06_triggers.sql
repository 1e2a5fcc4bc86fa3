-- Triggers. The mirror write is refused when the ERP write fails: SQLSTATE P2020 carries -20020. PostgreSQL has no
-- autonomous transaction, so the connector writes ERROR_LOG on a connection of its own after the refusal.
--
-- The setting ponte.mirror_only = 'on' (set local) writes the mirror alone. It is for values that the CRM took from the ERP: when
-- the ERP moved on while they were under way, the trigger would put the old value back. The trigger is optional.

create function trg_log_execution_crm() returns trigger
language plpgsql as $$
begin
  new.log_id := coalesce(new.log_id, nextval('seq_log_execution_crm'));
  return new;
end $$;
create trigger trg_log_execution_crm before insert on log_execution_crm for each row execute function trg_log_execution_crm();

-- On update only what moved in the mirror is handed on: an unmoved value may be older than the ERP's, and handing it on would
-- undo the ERP's change (only the CRM moved -> to the ERP). A branch that is not there yet needs all of them.
create function trg_crm_update_erp() returns trigger
language plpgsql as $$
declare
  v_all boolean;
begin
  if current_setting('ponte.mirror_only', true) = 'on' then
    return new;
  end if;
  v_all := tg_op = 'INSERT';
  if not v_all then
    v_all := not exists (select from branches where id_crm = new.id or taxid_key = taxid_key(new.taxid));
  end if;
  call prc_update_clients(
    taxid_key(new.taxid), new.id, new.name,
    case when v_all or new.industry is distinct from old.industry then new.industry end,
    case when v_all or new.tax_registration is distinct from old.tax_registration then new.tax_registration end,
    new.address_street, new.address_number, new.address_complement, new.address_district, new.address_zipcode, new.city, new.state,
    case when v_all or new.phone is distinct from old.phone then new.phone end,
    case when v_all or new.sales_rep is distinct from old.sales_rep then new.sales_rep end,
    'N',
    case when v_all or new.financial_analysis is distinct from old.financial_analysis then new.financial_analysis end);
  return new;
exception when others then
  if ponte_is_systemic(sqlstate) then
    raise;
  end if;
  raise exception using errcode = 'P2020', message = format('-20020: lead %s was not written: %s', new.id, sqlerrm);
end $$;
create trigger trg_crm_update_erp before insert or update on leads for each row execute function trg_crm_update_erp();

create function trg_crm_update_contact_erp() returns trigger
language plpgsql as $$
declare
  v_all boolean;
  v_linked boolean;
begin
  if current_setting('ponte.mirror_only', true) = 'on' then
    return null;
  end if;
  if tg_op = 'DELETE' then
    -- The original's delete branch could never run; whether deletions reach the ERP is the owner's decision.
    if ponte_setting('delete_contacts_in_erp') in ('S', 'Y') then
      call prc_update_client_contacts(old.client_code, old.name, old.email, old.phone, old.job_title, old.is_primary, old.id, 'D',
                                      old.lead_id);
    end if;
    return null;
  end if;
  v_linked := exists (select from contact where id_crm = new.id);
  v_all := tg_op = 'INSERT';
  if not v_all then
    v_all := not exists (select from contacts_of_person(new.id, new.client_code, new.email, new.lead_id));
  end if;
  call prc_update_client_contacts(
    new.client_code,
    case when v_all or new.name is distinct from old.name then new.name end,
    -- A contact without the person's id is found by the e-mail, also when that did not move.
    case when v_all or not v_linked or new.email is distinct from old.email then new.email end,
    case when v_all or new.phone is distinct from old.phone then new.phone end,
    case when v_all or new.job_title is distinct from old.job_title then new.job_title end,
    case when v_all or new.is_primary is distinct from old.is_primary then new.is_primary end,
    new.id, 'A', new.lead_id);
  return null;
exception when others then
  if ponte_is_systemic(sqlstate) then
    raise;
  end if;
  raise exception using errcode = 'P2020', message = format('-20020: contact %s was not written: %s', coalesce(new.id, old.id), sqlerrm);
end $$;
create trigger trg_crm_update_contact_erp after insert or update or delete on contacts
  for each row execute function trg_crm_update_contact_erp();
