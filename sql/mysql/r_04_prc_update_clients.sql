-- PRC_UPDATE_CLIENTS: what the mirror learned of a lead goes to the ERP. Called by trg_crm_update_erp.
-- A null parameter means "nothing new". Every write happens only when a value differs (null-safe). Nothing is swallowed:
-- any error undoes all of it. SQLSTATEs: P2001 = -20001 (adding), P2012 = -20012 (updating).

-- What the server said, unless it quotes values of the row: duplicate entry, incorrect value.
create function ponte_error_text(p_errno integer, p_message varchar(512)) returns varchar(512)
deterministic no sql
return case when p_errno in (1062, 1292, 1366, 1411, 1525) then concat('error ', p_errno) else p_message end
//

-- Whether an error is of the server or of the session, not of the row that was being written: a deadlock, a lock that was waited for, no room,
-- a server that goes down or only reads, a missing right or object. It is raised as it is, so that who wrote the row tries again.
create function ponte_is_systemic(p_errno integer) returns boolean
deterministic no sql
return p_errno in (
  -- Locks and other transactions.
  1020, 1205, 1206, 1213, 3572,
  -- Objects and rights.
  1044, 1054, 1142, 1143, 1146, 1227, 1305, 1356, 1370, 1449,
  -- Room, memory, files.
  1021, 1026, 1030, 1037, 1038, 1041, 1114, 1135, 1180, 1194, 1195,
  -- The server or the session ends, or only reads.
  1040, 1053, 1203, 1226, 1290, 1317, 1792, 1836, 1927, 1969, 3024, 3100, 3101)
//

-- Appends a financial analysis unless it is the client's latest.
create procedure prc_append_financial_analysis(p_client bigint, p_text varchar(4000))
modifies sql data
begin
  declare v_latest varchar(200);
  declare v_lock bigint;
  if p_text is not null then
    -- The client's row is the lock under which the next sequence number is found.
    select client_code into v_lock from clients where client_code = p_client for update;
    set v_latest = (select h.observations from credit_limit_history h
                     where h.client_code = p_client order by h.sequence_number desc limit 1 for update);
    if not (v_latest <=> p_text) then
      insert into credit_limit_history (client_code, sequence_number, entry_date, observations, entry_user)
      select p_client, coalesce(max(h.sequence_number), 0) + 1, erp_now(), p_text, left(current_user(), 128)
        from credit_limit_history h where h.client_code = p_client;
    end if;
  end if;
end
//

-- Sets the industry that the views show for a branch that has one: lowest code with that description, else the default.
create procedure prc_set_branch_industry(p_client bigint, p_branch integer, p_industry varchar(4000))
modifies sql data
begin
  declare v_shown, v_code varchar(10);
  declare v_key varchar(60) collate ponte_ai;
  select ci.industry, i.description_key into v_shown, v_key
    from client_industries ci join industries i on i.industry = ci.industry
   where ci.client = p_client and ci.branch = p_branch
   order by i.description_title, ci.industry limit 1;
  if v_shown is not null and p_industry is not null and v_key <> p_industry collate ponte_ai then
    set v_code = coalesce(
      (select min(industry) from industries where description_key = p_industry collate ponte_ai),
      (select industry from industries where industry = ponte_setting('default_industry')));
    if v_code <> v_shown
       and not exists (select 1 from client_industries where client = p_client and branch = p_branch and industry = v_code) then
      update client_industries set industry = v_code where client = p_client and branch = p_branch and industry = v_shown;
    end if;
  end if;
end
//

-- The client, first branch and what belongs to them for a lead that the ERP does not know.
create procedure prc_add_client(
  p_taxid varchar(400), p_id_crm bigint, p_company_name varchar(400), p_industry varchar(400), p_tax_registration varchar(400),
  p_street varchar(400), p_number integer, p_complement varchar(400), p_district varchar(400), p_zipcode varchar(400), p_city varchar(400),
  p_state varchar(400), p_phone varchar(400), p_sales_rep bigint, p_financial_analysis varchar(4000))
modifies sql data
begin
  declare v_client bigint default get_client_code();
  declare v_now datetime(6) default erp_now();
  declare v_found, v_city_id bigint;
  declare v_state varchar(2);
  declare v_country varchar(3);
  declare v_home varchar(3) default ponte_setting('home_country_code');
  -- The same fallback in the branch and in the link.
  declare v_rep bigint default coalesce(p_sales_rep, cast(ponte_setting('default_sales_rep') as signed));
  declare v_street varchar(400) default coalesce(upper(p_street), 'X');
  declare v_district varchar(400) default coalesce(upper(p_district), 'X');
  -- City, state and country by names, without regard to accents and case.
  select c.id, c.state_code, c.country_code into v_found, v_state, v_country
    from cities c join states s on s.code = c.state_code
   where c.name_key = trim(p_city) collate ponte_ai and s.name_key = trim(p_state) collate ponte_ai
   order by c.id limit 1;
  set v_city_id = coalesce(v_found, cast(ponte_setting('default_city') as signed));
  set v_state = coalesce(v_state, ponte_setting('default_state'));
  set v_country = coalesce(v_country, v_home);
  insert into clients (
    client_code, company_name, trading_name, address, district, city, state_code, country, country_code, zipcode, address_number, complement,
    client_type, account_level, price_calculation_type, credit_limit, credit_limit_indicator, person_type, plant_code,
    accounting_indicator, cost_center, commission_type, is_intercompany, protest_indicator, interest_indicator,
    letter_protest_indicator, letter_interest_indicator, pay_monday, pay_tuesday, pay_wednesday, pay_thursday, pay_friday, pay_saturday,
    pay_sunday, pay_advance_retreat, financial_cost_indicator, has_edi, sale_type, commercial_deliveries, block_billing,
    show_calculated_price_rep, created_by, created_on)
  values (
    v_client, upper(p_company_name), upper(p_company_name), v_street, v_district, v_city_id, v_state, v_country, v_home, p_zipcode, p_number,
    p_complement,
    -- Credit and the inter-company flag are the owner's decision, with safe defaults.
    1, 1, 1, cast(ponte_setting('credit_limit') as decimal(15, 2)), 2, '02', 'DUP',
    0, 0, 0, ponte_setting('is_intercompany'), 'S', 'S',
    'S', 'S', 'S', 'S', 'S', 'S', 'S', 'S',
    'S', 'A', 'N', 'N', 'N', 'N', 'N',
    'N', 'CRM', v_now);
  call prc_append_financial_analysis(v_client, p_financial_analysis);
  insert into branches (
    client, code, description, address, address_number, district, complement, zipcode, city, state, country, sales_rep, phone, contact,
    taxid, tax_registration, active, check_old_order_reference, print_pallet_label, integrate_crm,
    last_update_user, last_update_date, created_by, created_on, fain_code,
    has_edi, use_additional_reference, allow_sales_supp_item, require_dun_label, send_invoice_ws, allow_quality_corrections,
    default_unit_measure, default_invoice_items_order, taxid_status, quality_standard, tolerance_display_type,
    client_approval_pdf, client_approval_ab, id_crm)
  values (
    -- The lead's own number and complement, not 1 and 1.
    v_client, 1, upper(p_company_name), v_street, p_number, v_district, p_complement, p_zipcode, v_city_id, v_state, v_country, v_rep,
    p_phone, 'CRM',
    p_taxid, format_tax_registration(p_tax_registration, v_state), 'S', 'S', 'S', 'S',
    'CRM', v_now, 'CRM', v_now, 1,
    'N', 'N', 'N', 'N', 0, 0,
    'MI', 'DITB_DITE_CODE', 'A', 'STANDARD', 'P',
    'I', 'I', p_id_crm);
  insert into sales_rep_branches (client_code, branch_code, sales_rep_code, effective_date, from_to_client, from_to_branch)
  values (v_client, 1, v_rep, v_now, v_client, 1);
  insert into billing_addresses (
    billing_address_seq, client_code, branch_code, billing_address, billing_zipcode, city_code, state_code, country_code,
    billing_district, billing_phone, email, complement, address_number)
  values (1, v_client, 1, v_street, p_zipcode, v_city_id, v_state, v_country, v_district, p_phone, null, p_complement, p_number);
  insert into client_industries (client, branch, industry, status, activation_date)
  select v_client, 1, min(industry), 'A', v_now from industries
   where description_key = p_industry collate ponte_ai having min(industry) is not null;
  if v_found is null then
    -- Such a branch shows in no view: say so, or nobody would learn why it is never compared.
    insert into error_log (errorcode, error_info)
    values (null, concat('lead ', p_id_crm, ': its city is not in CITIES, branch ', v_client, '-1 was given the default city'));
  end if;
end
//

-- One branch that is the lead's: registration, representative, phone, industry, link, analysis.
create procedure prc_update_branch(
  p_client bigint, p_branch integer, p_id_crm bigint, p_industry varchar(400), p_tax_registration varchar(400), p_phone varchar(400),
  p_sales_rep bigint, p_financial_analysis varchar(4000))
modifies sql data
begin
  declare v_registration, v_given varchar(400);
  declare v_state varchar(2);
  select tax_registration, state into v_registration, v_state from branches where client = p_client and code = p_branch for update;
  -- Neither a number nor a word for exempt ("pendente"): it says nothing, and must not make the branch exempt.
  if p_tax_registration is null
     or p_tax_registration not regexp '[0-9]' and coalesce(upper(tidy(p_tax_registration)), '') not in ('ISENTO', 'EXEMPT')
     or tax_registration_key(v_registration) = tax_registration_key(p_tax_registration) then
    set v_given = v_registration;
  else
    set v_given = format_tax_registration(p_tax_registration, coalesce(v_state, 'XX'));
  end if;
  -- Name and address are the ERP's own and are not written. The original rewrote the registration at every call, because it
  -- compared a state code with a state name; here it is written when it is another registration.
  -- A null never erases a value. A link that is in force is never overwritten.
  -- Assignments see those to their left: id_crm reads the old flag, so it comes first.
  update branches
     set id_crm = case when integrate_crm in ('S', 'Y') then coalesce(id_crm, p_id_crm) else p_id_crm end,
         integrate_crm = case when integrate_crm in ('S', 'Y') then integrate_crm else 'S' end,
         tax_registration = v_given, phone = coalesce(p_phone, phone), sales_rep = coalesce(p_sales_rep, sales_rep),
         last_update_user = 'CRM', last_update_date = erp_now()
   where client = p_client and code = p_branch
     and not (tax_registration <=> v_given and phone <=> coalesce(p_phone, phone) and sales_rep <=> coalesce(p_sales_rep, sales_rep)
              and coalesce(integrate_crm, 'N') <> 'N' and id_crm is not null);
  call prc_set_branch_industry(p_client, p_branch, p_industry);
  call prc_append_financial_analysis(p_client, p_financial_analysis);
end
//

-- Raises P2012 or P2001, whose messages begin with the codes of the original and hold no value of the lead but its id.
create procedure prc_update_clients(
  p_taxid varchar(400), p_id_crm bigint, p_company_name varchar(400), p_industry varchar(400), p_tax_registration varchar(400),
  p_street varchar(400), p_number integer, p_complement varchar(400), p_district varchar(400), p_zipcode varchar(400), p_city varchar(400),
  p_state varchar(400), p_phone varchar(400), p_sales_rep bigint, p_initial_load varchar(1), p_financial_analysis varchar(4000))
modifies sql data
work: begin
  declare v_key varchar(400) default taxid_key(p_taxid);
  declare v_lock, v_free, v_known, v_branch integer;
  declare v_linked boolean;
  declare v_client, v_by_id bigint;
  declare v_text varchar(128);
  declare v_done boolean default false;
  -- Two first leads with one tax id at the same moment must not become two clients.
  select bucket into v_lock from ponte_locks where bucket = 500 + mod(crc32(coalesce(v_key, '')), 500) for update;
  if upper(p_initial_load) in ('S', 'Y') then
    call prc_store_crm_client_id(p_taxid, p_id_crm);
    leave work;
  end if;
  -- The link counts before the tax id: a tax id mistyped in the CRM must not make a second client of a linked lead.
  -- Locking reads, so that what was committed while we waited is seen, whatever the isolation level.
  set v_linked = (select count(*) > 0 from branches where id_crm = p_id_crm for update);
  select coalesce(sum(id_crm is null), 0), count(*) into v_free, v_known from branches where taxid_key = v_key for update;
  if v_known = 0 and not v_linked then
    begin
      declare v_errno integer;
      declare v_message varchar(512);
      declare exit handler for sqlexception
      begin
        get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
        if ponte_is_systemic(v_errno) then
          resignal;
        end if;
        set v_message = left(concat('-20001: error adding client of lead ', p_id_crm, ': ', ponte_error_text(v_errno, v_message)), 128);
        signal sqlstate 'P2001' set message_text = v_message;
      end;
      call prc_add_client(p_taxid, p_id_crm, p_company_name, p_industry, p_tax_registration, p_street, p_number, p_complement, p_district,
                          p_zipcode, p_city, p_state, p_phone, p_sales_rep, p_financial_analysis);
    end;
    leave work;
  end if;
  -- Several branches may carry one tax id. The lead's is the one that is linked to it, else the only one that is free.
  if not v_linked and v_free > 1 and coalesce(ponte_setting('ambiguous_taxid'), 'report') <> 'first' then
    set v_text = concat('-20012: error updating client of lead ', p_id_crm, ': its tax id is carried by ', v_free, ' branches without a lead');
    signal sqlstate 'P2012' set message_text = v_text;
  end if;
  set v_by_id = if(v_linked, p_id_crm, null);
  set v_key = if(v_linked, null, v_key);
  begin
    declare v_errno integer;
    declare v_message varchar(512);
    declare branch cursor for
      select client, code from branches
       where id_crm = v_by_id
          or taxid_key = v_key and if(v_free > 0, id_crm is null, integrate_crm is null or integrate_crm = 'N')
       order by client, code;
    declare continue handler for not found set v_done = true;
    declare exit handler for sqlexception
    begin
      get diagnostics condition 1 v_errno = mysql_errno, v_message = message_text;
      if ponte_is_systemic(v_errno) then
        resignal;
      end if;
      set v_message = left(concat('-20012: error updating client of lead ', p_id_crm, ': ', ponte_error_text(v_errno, v_message)), 128);
      signal sqlstate 'P2012' set message_text = v_message;
    end;
    open branch;
    every: loop
      fetch branch into v_client, v_branch;
      if v_done then
        leave every;
      end if;
      call prc_update_branch(v_client, v_branch, p_id_crm, p_industry, p_tax_registration, p_phone, p_sales_rep, p_financial_analysis);
      -- A select in there that found nothing is not the end of this list.
      set v_done = false;
      if not v_linked and v_free > 1 then
        leave every;
      end if;
    end loop;
    close branch;
  end;
end
//

-- PRC_STORE_CRM_CLIENT_ID(tax id, CRM id): links the branch to its lead. Of several branches with the tax id the flagged,
-- unlinked one is meant, else the only unlinked one; when that is still more than one, none is linked.
create procedure prc_store_crm_client_id(p_taxid varchar(400), p_id_crm bigint)
modifies sql data
begin
  declare v_key varchar(400) default taxid_key(p_taxid);
  declare v_held, v_flagged, v_free integer;
  select coalesce(sum(id_crm = p_id_crm), 0), coalesce(sum(id_crm is null and coalesce(integrate_crm, 'N') in ('S', 'Y')), 0), coalesce(sum(id_crm is null), 0)
    into v_held, v_flagged, v_free from branches where taxid_key = v_key for update;
  if v_held = 0 then
    update branches set id_crm = p_id_crm, integrate_crm = 'S'
     where taxid_key = v_key and id_crm is null
       and (v_flagged = 1 and integrate_crm in ('S', 'Y') or v_flagged = 0 and v_free = 1);
  end if;
end
//
