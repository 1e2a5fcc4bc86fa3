-- PRC_UPDATE_CLIENTS and PRC_UPDATE_CLIENT_CONTACTS: what the mirror learned goes to the ERP. Called by the triggers.
-- A null parameter means "nothing new", and never erases a value. Every write happens only when a value differs (null-safe).
-- Nothing is swallowed: any error undoes all of it. Errors of the row: -20001 adding, -20012 updating; their texts hold no value of
-- the lead but its id. Errors of the database are raised as they are (ponte_is_systemic).

-- PRC_STORE_CRM_CLIENT_ID(tax id, CRM id): links the branch to its lead. Of several branches with the tax id the flagged,
-- unlinked one is meant, else the only unlinked one; when that is still more than one, none is linked.
create or replace procedure prc_store_crm_client_id(p_taxid varchar2, p_id_crm branches.id_crm%type) is
  v_key branches.taxid_key%type := taxid_key(p_taxid);
  v_linked number(10);
  v_flagged number(10);
  v_free number(10);
begin
  select count(case when id_crm = p_id_crm then 1 end),
         count(case when id_crm is null and integrate_crm in ('S', 'Y') then 1 end),
         count(case when id_crm is null then 1 end)
    into v_linked, v_flagged, v_free
    from branches where taxid_key = v_key;
  if v_linked > 0 then
    return;
  end if;
  update branches set id_crm = p_id_crm, integrate_crm = 'S'
   where taxid_key = v_key and id_crm is null
     and (v_flagged = 1 and integrate_crm in ('S', 'Y') or v_flagged = 0 and v_free = 1);
end;
/

-- Appends a financial analysis unless it is the client's latest.
create or replace procedure prc_append_fin_analysis(p_client clients.client_code%type, p_text varchar2) is
  v_client clients.client_code%type;
  v_latest credit_limit_history.observations%type;
begin
  if p_text is null then
    return;
  end if;
  -- The client's row is the lock under which the next sequence number is found.
  select client_code into v_client from clients where client_code = p_client for update;
  select max(h.observations) into v_latest from credit_limit_history h
   where h.client_code = p_client
     and h.sequence_number = (select max(l.sequence_number) from credit_limit_history l where l.client_code = p_client);
  if v_latest = p_text then
    return;
  end if;
  insert into credit_limit_history (client_code, sequence_number, entry_date, observations, entry_user)
  select p_client, nvl(max(sequence_number), 0) + 1, erp_now(), p_text, user
    from credit_limit_history where client_code = p_client;
end;
/

-- Sets the industry that the views show for a branch that has one: lowest code with that description, else the default.
create or replace procedure prc_set_branch_industry(
  p_client branches.client%type, p_branch branches.code%type, p_industry varchar2) is
  v_wanted industries.description_key%type := plain_key(p_industry);
  v_code industries.industry%type;
begin
  if v_wanted is null then
    return;
  end if;
  select min(industry) into v_code from industries where description_key = v_wanted;
  if v_code is null then
    select min(industry) into v_code from industries where industry = ponte_setting('default_industry');
  end if;
  for shown in (
    select s.industry, s.description_key
      from (select ci.industry, i.description_key, row_number() over (order by title_case(i.description), ci.industry) as place
              from client_industries ci join industries i on i.industry = ci.industry
             where ci.client = p_client and ci.branch = p_branch) s
     where s.place = 1)
  loop
    if shown.description_key <> v_wanted and shown.industry <> v_code then
      update client_industries set industry = v_code
       where client = p_client and branch = p_branch and industry = shown.industry
         and not exists (select 1 from client_industries o where o.client = p_client and o.branch = p_branch and o.industry = v_code);
    end if;
  end loop;
end;
/

-- The client, first branch and what belongs to them for a lead that the ERP does not know.
create or replace procedure prc_add_client(
  p_taxid varchar2, p_id_crm branches.id_crm%type, p_company_name varchar2, p_industry varchar2, p_tax_registration varchar2,
  p_street varchar2, p_number branches.address_number%type, p_complement varchar2, p_district varchar2, p_zipcode varchar2,
  p_city varchar2, p_state varchar2, p_phone varchar2, p_sales_rep branches.sales_rep%type, p_financial_analysis varchar2) is
  v_client clients.client_code%type := get_client_code();
  v_found_city branches.city%type;
  v_city branches.city%type;
  v_state branches.state%type;
  v_country branches.country%type;
  v_home branches.country%type := ponte_setting('home_country_code');
  -- The same fallback in the branch and in the link.
  v_rep branches.sales_rep%type := nvl(p_sales_rep, ponte_setting('default_sales_rep'));
  v_name branches.description%type := upper(p_company_name);
  v_street branches.address%type := nvl(upper(p_street), 'X');
  v_district branches.district%type := nvl(upper(p_district), 'X');
  v_city_key cities.name_key%type := plain_key(p_city);
  v_state_key states.name_key%type := plain_key(p_state);
  v_industry_key industries.description_key%type := plain_key(p_industry);
begin
  -- By names, without regard to accents and case.
  select min(c.id) into v_found_city
    from cities c join states s on s.code = c.state_code
   where c.name_key = v_city_key and s.name_key = v_state_key;
  select min(state_code), min(country_code) into v_state, v_country from cities where id = v_found_city;
  v_city := nvl(v_found_city, ponte_setting('default_city'));
  v_state := nvl(v_state, ponte_setting('default_state'));
  v_country := nvl(v_country, v_home);
  insert into clients (
    client_code, company_name, trading_name, address, district, city, state_code, country, country_code, zipcode, address_number, complement,
    client_type, account_level, price_calculation_type, credit_limit, credit_limit_indicator, person_type, plant_code,
    accounting_indicator, cost_center, commission_type, is_intercompany, protest_indicator, interest_indicator,
    letter_protest_indicator, letter_interest_indicator, pay_monday, pay_tuesday, pay_wednesday, pay_thursday, pay_friday, pay_saturday,
    pay_sunday, pay_advance_retreat, financial_cost_indicator, has_edi, sale_type, commercial_deliveries, block_billing,
    show_calculated_price_rep, created_by, created_on)
  values (
    v_client, v_name, v_name, v_street, v_district, v_city, v_state, v_country, v_home, p_zipcode, p_number, p_complement,
    -- Credit and the inter-company flag are the owner's decision, with safe defaults.
    1, 1, 1, to_number(ponte_setting('credit_limit'), '9999999999999.99'), 2, '02', 'DUP',
    0, 0, 0, ponte_setting('is_intercompany'), 'S', 'S',
    'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S',
    'S', 'A', 'N', 'N', 'N', 'N', 'N',
    'N', 'CRM', erp_now());
  prc_append_fin_analysis(v_client, p_financial_analysis);
  insert into branches (
    client, code, description, address, address_number, district, complement, zipcode, city, state, country, sales_rep, phone, contact,
    taxid, tax_registration, active, check_old_order_reference, print_pallet_label, integrate_crm,
    last_update_user, last_update_date, created_by, created_on, fain_code,
    has_edi, use_additional_reference, allow_sales_supp_item, require_dun_label, send_invoice_ws, allow_quality_corrections,
    default_unit_measure, default_invoice_items_order, taxid_status, quality_standard, tolerance_display_type,
    client_approval_pdf, client_approval_ab, id_crm)
  values (
    -- The lead's own number and complement, not 1 and 1.
    v_client, 1, v_name, v_street, p_number, v_district, p_complement, p_zipcode, v_city, v_state, v_country, v_rep, p_phone, 'CRM',
    p_taxid, masked_tax_registration(p_tax_registration, v_state), 'S', 'S', 'S', 'S',
    'CRM', erp_now(), 'CRM', erp_now(), 1,
    'N', 'N', 'N', 'N', 0, 0,
    'MI', 'DITB_DITE_CODE', 'A', 'STANDARD', 'P',
    'I', 'I', p_id_crm);
  insert into sales_rep_branches (client_code, branch_code, sales_rep_code, effective_date, from_to_client, from_to_branch)
  values (v_client, 1, v_rep, erp_now(), v_client, 1);
  insert into billing_addresses (
    billing_address_seq, client_code, branch_code, billing_address, billing_zipcode, city_code, state_code, country_code,
    billing_district, billing_phone, email, complement, address_number)
  values (1, v_client, 1, v_street, p_zipcode, v_city, v_state, v_country, v_district, p_phone, null, p_complement, p_number);
  insert into client_industries (client, branch, industry, status, activation_date)
  select v_client, 1, min(industry), 'A', erp_now() from industries
   where description_key = v_industry_key having min(industry) is not null;
  if v_found_city is null then
    -- Such a branch shows in no view: say so, or nobody would learn why it is never compared.
    insert into error_log (errorcode, error_info)
    values (null, 'lead ' || p_id_crm || ': its city is not in CITIES, branch ' || v_client || '-1 was given the default city');
  end if;
end;
/

-- One branch that is the lead's: registration, representative, phone, industry, link, analysis.
create or replace procedure prc_update_branch(
  p_client branches.client%type, p_branch branches.code%type, p_id_crm branches.id_crm%type, p_industry varchar2,
  p_tax_registration varchar2, p_phone varchar2, p_sales_rep branches.sales_rep%type, p_financial_analysis varchar2) is
  v_registration branches.tax_registration%type;
  v_phone branches.phone%type;
  v_rep branches.sales_rep%type;
  v_flag branches.integrate_crm%type;
  v_id_crm branches.id_crm%type;
begin
  -- Name and address are the ERP's own and are not written. The original rewrote the registration at every call, because it
  -- compared a state code with a state name; here it is written when it is another registration.
  for o in (select tax_registration, phone, sales_rep, integrate_crm, id_crm, state from branches
             where client = p_client and code = p_branch for update)
  loop
    v_registration := o.tax_registration;
    -- Neither a number nor a word for exempt ("pendente") says nothing, and must not make the branch exempt.
    if (digits_of(p_tax_registration) is not null or upper(tidy(p_tax_registration)) in ('ISENTO', 'EXEMPT'))
       and tax_registration_key(o.tax_registration) <> tax_registration_key(p_tax_registration) then
      v_registration := masked_tax_registration(p_tax_registration, nvl(o.state, 'XX'));
    end if;
    v_phone := nvl(p_phone, o.phone);
    v_rep := nvl(p_sales_rep, o.sales_rep);
    -- A link that is in force is never overwritten.
    if o.integrate_crm in ('S', 'Y') then
      v_flag := o.integrate_crm;
      v_id_crm := nvl(o.id_crm, p_id_crm);
    else
      v_flag := 'S';
      v_id_crm := p_id_crm;
    end if;
  end loop;
  update branches
     set tax_registration = v_registration, phone = v_phone, sales_rep = v_rep, integrate_crm = v_flag, id_crm = v_id_crm,
         last_update_user = 'CRM', last_update_date = erp_now()
   where client = p_client and code = p_branch
     and (decode(tax_registration, v_registration, 0, 1) = 1 or decode(phone, v_phone, 0, 1) = 1 or decode(sales_rep, v_rep, 0, 1) = 1
          or decode(integrate_crm, v_flag, 0, 1) = 1 or decode(id_crm, v_id_crm, 0, 1) = 1);
  prc_set_branch_industry(p_client, p_branch, p_industry);
  prc_append_fin_analysis(p_client, p_financial_analysis);
end;
/

create or replace procedure prc_update_clients(
  p_taxid varchar2, p_id_crm branches.id_crm%type, p_company_name varchar2, p_industry varchar2, p_tax_registration varchar2,
  p_street varchar2, p_number branches.address_number%type, p_complement varchar2, p_district varchar2, p_zipcode varchar2,
  p_city varchar2, p_state varchar2, p_phone varchar2, p_sales_rep branches.sales_rep%type, p_initial_load varchar2,
  p_financial_analysis varchar2) is
  v_key branches.taxid_key%type := taxid_key(p_taxid);
  v_slot ponte_locks.slot%type;
  v_linked number(10);
  v_free number(10);
  v_known number(10);
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
  v_step varchar2(10 char) := 'updating';
begin
  -- Two first leads with one tax id at the same moment must not become two clients.
  select slot into v_slot from ponte_locks
   where slot = mod(nvl(ascii(substr(v_key, -1)) + 7 * ascii(substr(v_key, -2, 1)) + 31 * ascii(substr(v_key, -4, 1)), 0), 97)
     for update;
  if upper(p_initial_load) in ('S', 'Y') then
    prc_store_crm_client_id(p_taxid, p_id_crm);
    return;
  end if;
  -- The link counts before the tax id: a tax id mistyped in the CRM must not make a second client of a linked lead.
  select count(*) into v_linked from branches where id_crm = p_id_crm;
  select count(case when id_crm is null then 1 end), count(*) into v_free, v_known from branches where taxid_key = v_key;
  if v_known = 0 and v_linked = 0 then
    v_step := 'adding';
    prc_add_client(p_taxid, p_id_crm, p_company_name, p_industry, p_tax_registration, p_street, p_number, p_complement, p_district,
                   p_zipcode, p_city, p_state, p_phone, p_sales_rep, p_financial_analysis);
    return;
  end if;
  -- Several branches may carry one tax id. The lead's is the one that is linked to it, else the only one that is free.
  if v_linked = 0 and v_free > 1 and nvl(ponte_setting('ambiguous_taxid'), 'report') <> 'first' then
    v_step := 'refused';
    raise_application_error(-20012, 'error updating client of lead ' || p_id_crm || ': its tax id is carried by ' || v_free
      || ' branches without a lead; write ID_CRM into the branch that the lead stands for');
  end if;
  for b in (
    select f.client, f.code
      from (select client, code, row_number() over (order by client, code) as place from branches
             where v_linked > 0 and id_crm = p_id_crm
                or v_linked = 0 and v_free > 0 and taxid_key = v_key and id_crm is null
                or v_linked = 0 and v_free = 0 and taxid_key = v_key and (integrate_crm is null or integrate_crm = 'N')) f
     where f.place = 1 or v_linked > 0 or v_free < 2
     order by f.client, f.code)
  loop
    prc_update_branch(b.client, b.code, p_id_crm, p_industry, p_tax_registration, p_phone, p_sales_rep, p_financial_analysis);
  end loop;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if v_step = 'refused' or ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    raise_application_error(case when v_step = 'adding' then -20001 else -20012 end,
      substr('error ' || v_step || ' client of lead ' || p_id_crm || ': ' || v_error, 1, 1000));
end;
/

-- A contact without a branch shows in no view. Its branch: that of the person's lead, else the client's first that has one, else
-- its first; null when the client has none.
create or replace function branch_of_person(p_client_code branches.client%type, p_lead_id branches.id_crm%type) return number is
  v_code branches.code%type;
begin
  select min(f.code) into v_code
    from (select code, row_number() over (order by case when id_crm = p_lead_id then 0 when id_crm is not null then 1 else 2 end, code) as place
            from branches where client = p_client_code) f
   where f.place = 1;
  return v_code;
end;
/

-- What PRC_UPDATE_CLIENT_CONTACTS does, for a person of a lead that is known; without it any lead of the client counts.
-- The ERP contacts that a person stands for: those with its id; else those of its lead's client with its e-mail. One buyer may be a
-- person of several leads of one client: a contact of another lead's branch, or of another person that the mirror holds, is not this one's.
-- Contacts found by e-mail adopt the person's id. p_operation: A add or update, D delete.
create or replace procedure prc_update_lead_contacts(
  p_client_code contact.branch_client%type, p_name varchar2, p_email varchar2, p_phone varchar2, p_job_title varchar2,
  p_is_primary varchar2, p_id_crm contact.id_crm%type, p_operation varchar2, p_lead_id branches.id_crm%type) is
  v_email contact.email_key%type := email_key(p_email);
  v_primary contact.is_primary%type := case when upper(p_is_primary) in ('S', 'Y') then 'S' when p_is_primary is not null then 'N' end;
  v_known number(10);
  v_found number(10) := 0;
  v_name contact.name%type;
  v_new_email contact.email%type;
  v_phone contact.phone%type;
  v_title contact.job_title_desc%type;
  v_flag contact.is_primary%type;
  v_branch contact.branch_code%type;
  v_code error_log.errorcode%type;
  v_error varchar2(4000 char);
begin
  if p_client_code is null and nvl(p_operation, 'A') <> 'D' then
    return;
  end if;
  select count(*) into v_known from contact where id_crm = p_id_crm;
  for o in (
    select c.code, c.name, c.email, c.email_key, c.phone, c.job_title_desc, c.is_primary, c.branch_client, c.branch_code, t.title
      from contact c left join contact_job_titles t on t.job_title_code = c.job_title_code
     where v_known > 0 and c.id_crm = p_id_crm
        or v_known = 0 and c.branch_client = p_client_code and c.email_key = v_email
           and not exists (select 1 from mirrored_persons m where m.id = c.id_crm)
           and not exists (select 1 from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm <> p_lead_id)
     order by c.code)
  loop
    v_found := v_found + 1;
    if p_operation = 'D' then
      delete from contact where code = o.code;
    else
      v_name := nvl(p_name, o.name);
      v_phone := nvl(p_phone, o.phone);
      -- The CRM owns contacts, so a person known by id takes its new e-mail along.
      v_new_email := case when v_email is null or o.email_key = v_email then o.email else v_email end;
      -- The title of the job code counts as this contact's own; it is not copied into the free text.
      v_title := case when p_job_title is null or upper(nvl(o.job_title_desc, o.title)) = upper(p_job_title) then o.job_title_desc
                      else upper(p_job_title) end;
      v_flag := case when v_primary is null or v_primary = case when o.is_primary in ('S', 'Y') then 'S' else 'N' end then o.is_primary
                     else v_primary end;
      v_branch := nvl(o.branch_code, branch_of_person(o.branch_client, p_lead_id));
      update contact
         set name = v_name, email = v_new_email, phone = v_phone, job_title_desc = v_title, is_primary = v_flag, id_crm = p_id_crm,
             branch_code = v_branch
       where code = o.code
         and (decode(name, v_name, 0, 1) = 1 or decode(email, v_new_email, 0, 1) = 1 or decode(phone, v_phone, 0, 1) = 1
              or decode(job_title_desc, v_title, 0, 1) = 1 or decode(is_primary, v_flag, 0, 1) = 1 or decode(id_crm, p_id_crm, 0, 1) = 1
              or decode(branch_code, v_branch, 0, 1) = 1);
    end if;
  end loop;
  v_branch := branch_of_person(p_client_code, p_lead_id);
  if v_found = 0 and nvl(p_operation, 'A') <> 'D' and v_branch is not null then
    insert into contact (name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm)
    values (p_name, v_email, p_phone, upper(p_job_title), p_client_code, v_branch, nvl(v_primary, 'N'), p_id_crm);
  end if;
exception
  when others then
    v_code := sqlcode;
    v_error := sqlerrm;
    if ponte_is_systemic(v_code, v_error) = 'S' then
      raise;
    end if;
    raise_application_error(-20001, substr('error adding client contact ' || p_id_crm || ': ' || v_error, 1, 1000));
end;
/

-- PRC_UPDATE_CLIENT_CONTACTS with the original's parameters.
create or replace procedure prc_update_client_contacts(
  p_client_code contact.branch_client%type, p_name varchar2, p_email varchar2, p_phone varchar2, p_job_title varchar2,
  p_is_primary varchar2, p_id_crm contact.id_crm%type, p_operation varchar2) is
begin
  prc_update_lead_contacts(p_client_code, p_name, p_email, p_phone, p_job_title, p_is_primary, p_id_crm, p_operation, null);
end;
/

-- PRC_STORE_CRM_CONTACT_ID(e-mail, CRM id): every client's contacts with the e-mail, as in the original.
create or replace procedure prc_store_crm_contact_id(p_email varchar2, p_id_crm contact.id_crm%type) is
  v_email contact.email_key%type := email_key(p_email);
begin
  update contact set id_crm = p_id_crm where email_key = v_email and decode(id_crm, p_id_crm, 0, 1) = 1;
end;
/

-- The same for contacts of one lead's branch only.
create or replace procedure prc_store_lead_contact_id(
  p_email varchar2, p_id_crm contact.id_crm%type, p_lead_id branches.id_crm%type) is
  v_email contact.email_key%type := email_key(p_email);
begin
  update contact c set c.id_crm = p_id_crm
   where c.email_key = v_email and decode(c.id_crm, p_id_crm, 0, 1) = 1
     and exists (select 1 from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm = p_lead_id);
end;
/
