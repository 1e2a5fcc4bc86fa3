-- PRC_UPDATE_CLIENT_CONTACTS: what the mirror learned of a person goes to the ERP's contacts.

-- The ERP contacts that a person stands for: those with its id; else those of its lead's client with its e-mail. One buyer may be a
-- person of several leads of one client: a contact of another lead's branch, or of another person that the mirror holds, is not this one's.
create function contacts_of_person(p_id_crm bigint, p_client_code bigint, p_email text, p_lead_id bigint) returns setof bigint
language sql stable as $$
  select c.code from contact c where c.id_crm = p_id_crm
  union all
  select c.code from contact c
   where c.branch_client = p_client_code and email_key(c.email) = email_key(p_email) and c.id_crm is distinct from p_id_crm
     and not exists (select from contact o where o.id_crm = p_id_crm)
     and not exists (select from contacts m where m.id = c.id_crm)
     and not exists (select from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm <> p_lead_id)
$$;

-- A contact without a branch shows in no view. Its branch: that of the person's lead, else the client's first that has one, else its first.
create function branch_of_person(p_client_code bigint, p_lead_id bigint) returns integer
language sql stable
return (select b.code from branches b where b.client = p_client_code
         order by case when b.id_crm = p_lead_id then 0 when b.id_crm is not null then 1 else 2 end, b.code limit 1);

-- A null parameter means "nothing new". Contacts found by e-mail adopt the person's id.
create procedure prc_update_client_contacts(
  p_client_code bigint, p_name text, p_email text, p_phone text, p_job_title text, p_is_primary text, p_id_crm bigint, p_operation text,
  p_lead_id bigint default null)
language plpgsql as $$
declare
  v_email text := email_key(p_email);
  v_primary text := case when upper(p_is_primary) in ('S', 'Y') then 'S' when p_is_primary is not null then 'N' end;
  v_codes bigint[] := array(select contacts_of_person(p_id_crm, p_client_code, p_email, p_lead_id));
begin
  if p_operation = 'D' then
    delete from contact where code = any(v_codes);
    return;
  end if;
  if p_client_code is null then
    return;
  end if;
  -- The CRM owns contacts, so a person known by id takes its new e-mail along.
  update contact c
     set name = n.name, email = n.email, phone = n.phone, job_title_desc = n.job_title, is_primary = n.is_primary, id_crm = p_id_crm,
         branch_code = n.branch_code
    from (select o.code, coalesce(p_name, o.name) as name, coalesce(p_phone, o.phone) as phone,
                 case when email_key(o.email) = v_email then o.email else coalesce(v_email, o.email) end as email,
                 -- The title of the job code counts as this contact's own; it is not copied into the free text.
                 case when p_job_title is null or upper(coalesce(nullif(o.job_title_desc, ''), t.title)) = upper(p_job_title)
                      then o.job_title_desc else upper(p_job_title) end as job_title,
                 case when v_primary is null or v_primary = case when o.is_primary in ('S', 'Y') then 'S' else 'N' end
                      then o.is_primary else v_primary end as is_primary,
                 coalesce(o.branch_code, branch_of_person(o.branch_client, p_lead_id)) as branch_code
            from contact o left join contact_job_titles t on t.job_title_code = o.job_title_code
           where o.code = any(v_codes)) n
   where c.code = n.code
     and (c.name, c.email, c.phone, c.job_title_desc, c.is_primary, c.id_crm, c.branch_code)
         is distinct from (n.name, n.email, n.phone, n.job_title, n.is_primary, p_id_crm, n.branch_code);
  if cardinality(v_codes) > 0 then
    return;
  end if;
  insert into contact (name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm)
  select p_name, v_email, p_phone, upper(p_job_title), p_client_code, b.code, coalesce(v_primary, 'N'), p_id_crm
    from (select branch_of_person(p_client_code, p_lead_id) as code) b where b.code is not null;
exception when others then
  if ponte_is_systemic(sqlstate) then
    raise;
  end if;
  raise exception using errcode = 'P2001', message = format('-20001: error adding client contact %s: %s', p_id_crm, sqlerrm);
end $$;

-- PRC_STORE_CRM_CONTACT_ID(e-mail, CRM id[, lead id]): with a lead id only contacts of that lead's branch are meant; the original
-- wrote the id into every client's contacts with that e-mail.
create procedure prc_store_crm_contact_id(p_email text, p_id_crm bigint, p_lead_id bigint default null)
language sql
begin atomic
  update contact c set id_crm = p_id_crm
   where email_key(c.email) = email_key(p_email) and c.id_crm is distinct from p_id_crm
     and (p_lead_id is null
          or exists (select from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm = p_lead_id));
end;
