-- PRC_UPDATE_CLIENTS: what the mirror learned of a lead goes to the ERP. Called by trg_crm_update_erp.
-- A null parameter means "nothing new". Every write happens only when a value differs (null-safe). Nothing is swallowed:
-- any error undoes all of it. SQLSTATEs: P2001 = -20001 (adding), P2012 = -20012 (updating).

-- City, state and country of a lead by names, without regard to accents and case.
create function find_city(p_city text, p_state text, out city_id bigint, out state_code text, out country_code text)
language sql stable as $$
  select c.id, c.state_code, c.country_code
    from cities c join states s on s.code = c.state_code
   where c.name_key = upper(remove_accents(trim(p_city))) and s.name_key = upper(remove_accents(trim(p_state)))
   order by c.id limit 1
$$;

-- Appends a financial analysis unless it is the client's latest.
create procedure prc_append_financial_analysis(p_client bigint, p_text text)
language plpgsql as $$
declare
  v_latest text;
begin
  if p_text is null then
    return;
  end if;
  -- The client's row is the lock under which the next sequence number is found.
  perform from clients where client_code = p_client for update;
  select h.observations into v_latest from credit_limit_history h
   where h.client_code = p_client order by h.sequence_number desc limit 1;
  if v_latest is distinct from p_text then
    insert into credit_limit_history (client_code, sequence_number, entry_date, observations, entry_user)
    select p_client, coalesce(max(sequence_number), 0) + 1, erp_now(), p_text, current_user
      from credit_limit_history where client_code = p_client;
  end if;
end $$;

-- Sets the industry that the views show for a branch that has one: lowest code with that description, else the default.
create procedure prc_set_branch_industry(p_client bigint, p_branch integer, p_industry text)
language plpgsql as $$
declare
  v_shown record;
  v_code text;
begin
  select ci.industry, i.description_key into v_shown
    from client_industries ci join industries i on i.industry = ci.industry
   where ci.client = p_client and ci.branch = p_branch
   order by initcap2(i.description), ci.industry limit 1;
  if not found or p_industry is null or v_shown.description_key = upper(remove_accents(p_industry)) then
    return;
  end if;
  select coalesce(
    (select min(industry) from industries where description_key = upper(remove_accents(p_industry))),
    (select industry from industries where industry = ponte_setting('default_industry'))) into v_code;
  update client_industries ci set industry = v_code
   where ci.client = p_client and ci.branch = p_branch and ci.industry = v_shown.industry and v_code <> v_shown.industry
     and not exists (select from client_industries o where o.client = p_client and o.branch = p_branch and o.industry = v_code);
end $$;

-- The client, first branch and what belongs to them for a lead that the ERP does not know.
create procedure prc_add_client(
  p_taxid text, p_id_crm bigint, p_company_name text, p_industry text, p_tax_registration text,
  p_street text, p_number integer, p_complement text, p_district text, p_zipcode text, p_city text, p_state text,
  p_phone text, p_sales_rep bigint, p_financial_analysis text)
language plpgsql as $$
declare
  v_client bigint := get_client_code();
  v_now timestamp := erp_now();
  v_city record;
  v_city_id bigint;
  v_state text;
  v_country text;
  v_home text := ponte_setting('home_country_code');
  -- The same fallback in the branch and in the link.
  v_rep bigint := coalesce(p_sales_rep, ponte_setting('default_sales_rep')::bigint);
  v_street text := coalesce(upper(p_street), 'X');
  v_district text := coalesce(upper(p_district), 'X');
begin
  select * into v_city from find_city(p_city, p_state);
  v_city_id := coalesce(v_city.city_id, ponte_setting('default_city')::bigint);
  v_state := coalesce(v_city.state_code, ponte_setting('default_state'));
  v_country := coalesce(v_city.country_code, v_home);
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
    1, 1, 1, ponte_setting('credit_limit')::numeric, 2, '02', 'DUP',
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
   where description_key = upper(remove_accents(p_industry)) having min(industry) is not null;
  if v_city.city_id is null then
    -- Such a branch shows in no view: say so, or nobody would learn why it is never compared.
    insert into error_log (errorcode, error_info)
    values (null, format('lead %s: its city is not in CITIES, branch %s-1 was given the default city', p_id_crm, v_client));
  end if;
end $$;

-- One branch that is the lead's: registration, representative, phone, industry, link, analysis.
create procedure prc_update_branch(
  p_client bigint, p_branch integer, p_id_crm bigint, p_industry text, p_tax_registration text, p_phone text, p_sales_rep bigint,
  p_financial_analysis text)
language plpgsql as $$
begin
  -- Name and address are the ERP's own and are not written. The original rewrote the registration at every call, because it
  -- compared a state code with a state name; here it is written when it is another registration.
  -- A null never erases a value.
  update branches b
     set tax_registration = n.tax_registration, phone = n.phone, sales_rep = n.sales_rep, integrate_crm = n.integrate_crm, id_crm = n.id_crm,
         last_update_user = 'CRM', last_update_date = erp_now()
    from (select case when p_tax_registration is null
                        -- Neither a number nor a word for exempt ("pendente"): it says nothing, and must not make the branch exempt.
                        or p_tax_registration !~ '[0-9]' and upper(tidy(p_tax_registration)) not in ('ISENTO', 'EXEMPT')
                        or tax_registration_key(o.tax_registration) = tax_registration_key(p_tax_registration) then o.tax_registration
                      else format_tax_registration(p_tax_registration, coalesce(o.state, 'XX')) end as tax_registration,
                 coalesce(p_phone, o.phone) as phone,
                 coalesce(p_sales_rep, o.sales_rep) as sales_rep,
                 case when o.integrate_crm in ('S', 'Y') then o.integrate_crm else 'S' end as integrate_crm,
                 -- A link that is in force is never overwritten.
                 case when o.integrate_crm in ('S', 'Y') then coalesce(o.id_crm, p_id_crm) else p_id_crm end as id_crm
            from branches o where o.client = p_client and o.code = p_branch) n
   where b.client = p_client and b.code = p_branch
     and (b.tax_registration, b.phone, b.sales_rep, b.integrate_crm, b.id_crm)
         is distinct from (n.tax_registration, n.phone, n.sales_rep, n.integrate_crm, n.id_crm);
  call prc_set_branch_industry(p_client, p_branch, p_industry);
  call prc_append_financial_analysis(p_client, p_financial_analysis);
end $$;

-- Raises P2012 or P2001, whose messages begin with the codes of the original and hold no value of the lead but its id.
create procedure prc_update_clients(
  p_taxid text, p_id_crm bigint, p_company_name text, p_industry text, p_tax_registration text,
  p_street text, p_number integer, p_complement text, p_district text, p_zipcode text, p_city text, p_state text,
  p_phone text, p_sales_rep bigint, p_initial_load text, p_financial_analysis text)
language plpgsql as $$
declare
  v_key text := taxid_key(p_taxid);
  v_branch record;
  v_linked boolean;
  v_free integer;
  v_known integer;
begin
  -- Two first leads with one tax id at the same moment must not become two clients.
  perform pg_advisory_xact_lock(hashtextextended('lead ' || coalesce(v_key, ''), 0));
  if upper(p_initial_load) in ('S', 'Y') then
    call prc_store_crm_client_id(p_taxid, p_id_crm);
    return;
  end if;
  -- The link counts before the tax id: a tax id mistyped in the CRM must not make a second client of a linked lead.
  select exists (select from branches where id_crm = p_id_crm) into v_linked;
  select count(*) filter (where id_crm is null), count(*) into v_free, v_known from branches where taxid_key = v_key;
  if v_known = 0 and not v_linked then
    begin
      call prc_add_client(p_taxid, p_id_crm, p_company_name, p_industry, p_tax_registration, p_street, p_number, p_complement, p_district,
                          p_zipcode, p_city, p_state, p_phone, p_sales_rep, p_financial_analysis);
    exception when others then
      if ponte_is_systemic(sqlstate) then
        raise;
      end if;
      raise exception using errcode = 'P2001', message = format('-20001: error adding client of lead %s: %s', p_id_crm, sqlerrm);
    end;
    return;
  end if;
  -- Several branches may carry one tax id. The lead's is the one that is linked to it, else the only one that is free.
  if not v_linked and v_free > 1 and coalesce(ponte_setting('ambiguous_taxid'), 'report') <> 'first' then
    raise exception using errcode = 'P2012',
      message = format('-20012: error updating client of lead %s: its tax id is carried by %s branches without a lead', p_id_crm, v_free),
      hint = 'write ID_CRM into the branch that the lead stands for';
  end if;
  begin
    for v_branch in
      select client, code from branches
       where case when v_linked then id_crm = p_id_crm
                  else taxid_key = v_key and case when v_free > 0 then id_crm is null else integrate_crm is null or integrate_crm = 'N' end end
       order by client, code
       limit case when not v_linked and v_free > 1 then 1 end
    loop
      call prc_update_branch(v_branch.client, v_branch.code, p_id_crm, p_industry, p_tax_registration, p_phone, p_sales_rep, p_financial_analysis);
    end loop;
  exception when others then
    if ponte_is_systemic(sqlstate) then
      raise;
    end if;
    raise exception using errcode = 'P2012', message = format('-20012: error updating client of lead %s: %s', p_id_crm, sqlerrm);
  end;
end $$;

-- PRC_STORE_CRM_CLIENT_ID(tax id, CRM id): links the branch to its lead. Of several branches with the tax id the flagged,
-- unlinked one is meant, else the only unlinked one; when that is still more than one, none is linked.
create procedure prc_store_crm_client_id(p_taxid text, p_id_crm bigint)
language plpgsql as $$
declare
  v_key text := taxid_key(p_taxid);
begin
  if exists (select from branches where taxid_key = v_key and id_crm = p_id_crm) then
    return;
  end if;
  update branches b set id_crm = p_id_crm, integrate_crm = 'S'
    from (select client, code, integrate_crm in ('S', 'Y') as flagged,
                 count(*) filter (where integrate_crm in ('S', 'Y')) over () as all_flagged, count(*) over () as all_free
            from branches where taxid_key = v_key and id_crm is null) f
   where b.client = f.client and b.code = f.code
     and (f.all_flagged = 1 and f.flagged or f.all_flagged = 0 and f.all_free = 1);
end $$;
