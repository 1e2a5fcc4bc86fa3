-- PRC_UPDATE_CLIENT_CONTACTS: what the mirror learned of a person goes to the ERP's contacts.

-- The ERP contacts that a person stands for: those with its id; else those of its lead's client with its e-mail. One buyer may be a
-- person of several leads of one client: a contact of another lead's branch, or of another person that the mirror holds, is not this one's.
-- The lowest code; null: none. p_after: the next one above that code.
create function next_contact_of_person(p_id_crm bigint, p_client_code bigint, p_email varchar(400), p_lead_id bigint, p_after bigint) returns bigint
reads sql data
begin
  if exists (select 1 from contact where id_crm = p_id_crm) then
    return (select min(code) from contact where id_crm = p_id_crm and code > p_after);
  end if;
  return (select min(c.code) from contact c
           where c.branch_client = p_client_code and c.email_key = email_key(p_email) and c.code > p_after
             and not exists (select 1 from contacts m where m.id = c.id_crm)
             and not exists (select 1 from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm <> p_lead_id));
end
//
create function contact_of_person(p_id_crm bigint, p_client_code bigint, p_email varchar(400), p_lead_id bigint) returns bigint
reads sql data
return next_contact_of_person(p_id_crm, p_client_code, p_email, p_lead_id, -9223372036854775808)
//

-- A contact without a branch shows in no view. Its branch: that of the person's lead, else the client's first that has one, else its first.
create function branch_of_person(p_client_code bigint, p_lead_id bigint) returns integer
reads sql data
return (select b.code from branches b where b.client = p_client_code
         order by case when b.id_crm = p_lead_id then 0 when b.id_crm is not null then 1 else 2 end, b.code limit 1)
//

-- One contact that stands for the person. A null parameter means "nothing new"; it adopts the person's id.
create procedure prc_update_contact(
  p_code bigint, p_name varchar(400), p_email varchar(400), p_phone varchar(400), p_job_title varchar(400), p_primary varchar(1), p_id_crm bigint,
  p_lead_id bigint)
modifies sql data
begin
  declare v_title, v_email varchar(400);
  declare v_primary varchar(1);
  declare v_branch integer;
  -- The CRM owns contacts, so a person known by id takes its new e-mail along.
  -- The title of the job code counts as this contact's own; it is not copied into the free text.
  select case when p_job_title is null or upper(coalesce(nullif(o.job_title_desc, ''), t.title)) = upper(p_job_title)
              then o.job_title_desc else upper(p_job_title) end,
         case when o.email_key = p_email then o.email else coalesce(p_email, o.email) end,
         case when p_primary is null or p_primary = case when o.is_primary in ('S', 'Y') then 'S' else 'N' end
              then o.is_primary else p_primary end,
         coalesce(o.branch_code, branch_of_person(o.branch_client, p_lead_id))
    into v_title, v_email, v_primary, v_branch
    from contact o left join contact_job_titles t on t.job_title_code = o.job_title_code
   where o.code = p_code;
  update contact
     set name = coalesce(p_name, name), email = v_email, phone = coalesce(p_phone, phone), job_title_desc = v_title, is_primary = v_primary,
         id_crm = p_id_crm, branch_code = v_branch
   where code = p_code
     and not (name <=> coalesce(p_name, name) and email <=> v_email and phone <=> coalesce(p_phone, phone) and job_title_desc <=> v_title
              and is_primary <=> v_primary and id_crm <=> p_id_crm and branch_code <=> v_branch);
end
//

create procedure prc_update_client_contacts(
  p_client_code bigint, p_name varchar(400), p_email varchar(400), p_phone varchar(400), p_job_title varchar(400), p_is_primary varchar(1),
  p_id_crm bigint, p_operation varchar(1), p_lead_id bigint)
modifies sql data
work: begin
  declare v_email varchar(400) default email_key(p_email);
  declare v_primary varchar(1) default case when upper(p_is_primary) in ('S', 'Y') then 'S' when p_is_primary is not null then 'N' end;
  declare v_code, v_next bigint;
  declare v_branch integer;
  declare v_errno integer;
  declare v_message varchar(512);
  declare exit handler for sqlexception
  begin
    get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
    if ponte_is_systemic(v_errno) then
      resignal;
    end if;
    set v_message = left(concat('-20001: error adding client contact ', p_id_crm, ': ', ponte_error_text(v_errno, v_message)), 128);
    signal sqlstate 'P2001' set message_text = v_message;
  end;
  set v_code = contact_of_person(p_id_crm, p_client_code, p_email, p_lead_id);
  if p_operation <> 'D' and p_client_code is null then
    leave work;
  end if;
  if v_code is null and p_operation <> 'D' then
    set v_branch = branch_of_person(p_client_code, p_lead_id);
    if v_branch is not null then
      insert into contact (name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm)
      values (p_name, v_email, p_phone, upper(p_job_title), p_client_code, v_branch, coalesce(v_primary, 'N'), p_id_crm);
    end if;
    leave work;
  end if;
  while v_code is not null do
    -- Found before the write: the first to adopt the id would hide the others.
    set v_next = next_contact_of_person(p_id_crm, p_client_code, p_email, p_lead_id, v_code);
    if p_operation = 'D' then
      delete from contact where code = v_code;
    else
      call prc_update_contact(v_code, p_name, v_email, p_phone, p_job_title, v_primary, p_id_crm, p_lead_id);
    end if;
    set v_code = v_next;
  end while;
end
//

-- PRC_STORE_CRM_CONTACT_ID(e-mail, CRM id, lead id): with a lead id only contacts of that lead's branch are meant; the original
-- wrote the id into every client's contacts with that e-mail, as a null lead id does here.
create procedure prc_store_crm_contact_id(p_email varchar(400), p_id_crm bigint, p_lead_id bigint)
modifies sql data
update contact c set c.id_crm = p_id_crm
 where c.email_key = email_key(p_email) and not (c.id_crm <=> p_id_crm)
   and (p_lead_id is null
        or exists (select 1 from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm = p_lead_id))
//
