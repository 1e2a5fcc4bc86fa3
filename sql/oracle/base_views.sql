-- The base views. The window of days is computed once per query, not once per row: `rownum` keeps Oracle from merging its
-- subquery into the view, where the function would be called for each item. Not from DUAL: views are read as of an SCN, for which a
-- right on it may be asked.

-- Budget and order values as sets, one row per branch with any (equal to pkg_crm_client, tested).
create or replace view vw_crm_budget_values as
select b.client_billing_code as client, b.branch_billing_code as branch,
       sum(q.bid_quantity * 0.001 * nvl(nullif(q.negotiated_price, 0), q.price)) as budget_value
  from (select erp_today() as day_from, add_days(erp_today(), 366) as day_to from ponte_settings where rownum = 1) w
  cross join budget b
  join budget_item i on i.bdg_number = b.budget_number
  join (select bit_bdg_number, bit_item, min(quantity) as quantity from budget_item_quantity group by bit_bdg_number, bit_item) t
    on t.bit_bdg_number = i.bdg_number and t.bit_item = i.item
  join budget_item_delivery d on d.bit_bdg_number = i.bdg_number and d.bit_item = i.item
   and d.client_code = b.client_billing_code and d.branch_code = b.branch_billing_code
  join budget_item_quant_delivery q on q.bid_bdg_number = i.bdg_number and q.bid_item = i.item and q.bid_quantity = t.quantity
   and q.client_code = d.client_code and q.branch_code = d.branch_code
 where i.item_date >= w.day_from and i.item_date < w.day_to
   and i.generated <> 'N' and d.billing_client in ('S', 'Y') and d.approval_date is not null
 group by b.client_billing_code, b.branch_billing_code;

create or replace view vw_crm_order_values as
select p.key1 as client, p.key2 as branch, sum(i.item_qty * d.unit_value) as order_value
  from (select erp_today() as day_from, add_days(erp_today(), 366) as day_to from ponte_settings where rownum = 1) w
  cross join person p
  join sales_order o on o.pers_code = p.code
  join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
  join sales_order_item_delivery d on d.sod_company_code = i.so_company_code and d.sod_number = i.so_number
   and d.sequence_number = i.sequence_number
 where i.item_date >= w.day_from and i.item_date < w.day_to and d.billing_client in ('S', 'Y')
 group by p.key1, p.key2;

-- The join with clients is left out: the foreign key guarantees one.
create or replace view vw_crm_clients as
select b.client || '-' || b.code as id,
       b.client as client_code,
       b.code as branch_code,
       b.description as company_name,
       b.taxid, b.taxid_key, b.sales_rep, b.phone, b.email, b.tax_registration, b.id_crm,
       cast(title_case(co.name) as varchar2(60 char)) as country,
       cast(case when co.code = w.home_country then title_case(st.name) end as varchar2(60 char)) as state,
       cast(title_case(ci.city_name) as varchar2(60 char)) as city,
       ci.city_code,
       b.zipcode as address_zipcode,
       b.address as address_street,
       b.address_number,
       b.district as address_district,
       b.complement as address_complement,
       -- Y and S are both yes.
       case when b.integrate_crm in ('S', 'Y') then 'S' else 'N' end as integrate_crm,
       ind.industry,
       fin.financial_analysis,
       bud.budget_value,
       case when act.last_item >= w.day_from then 'S' else 'N' end as has_order,
       ord.order_value,
       case when act.last_item >= w.day_retention then 'S' else 'N' end as has_retention,
       rep.email as sales_rep_email
  from (select ponte_setting('home_country_code') as home_country, erp_today() as day_from, add_days(erp_today(), 30) as day_retention
          from ponte_settings where rownum = 1) w
  cross join branches b
  join cities ci on ci.id = b.city
  join states st on st.code = ci.state_code
  join countries co on co.code = ci.country_code
  left join (select ci2.client, ci2.branch, cast(min(title_case(i.description)) as varchar2(60 char)) as industry
               from client_industries ci2 join industries i on i.industry = ci2.industry
              group by ci2.client, ci2.branch) ind on ind.client = b.client and ind.branch = b.code
  left join (select h.client_code, max(h.observations) as financial_analysis
               from credit_limit_history h
               join (select client_code, max(sequence_number) as sequence_number from credit_limit_history group by client_code) l
                 on l.client_code = h.client_code and l.sequence_number = h.sequence_number
              group by h.client_code) fin on fin.client_code = b.client
  left join vw_crm_budget_values bud on bud.client = b.client and bud.branch = b.code
  left join vw_crm_order_values ord on ord.client = b.client and ord.branch = b.code
  left join (select p.key1 as client, p.key2 as branch, max(i.item_date) as last_item
               from person p
               join sales_order o on o.pers_code = p.code
               join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
              group by p.key1, p.key2) act on act.client = b.client and act.branch = b.code
  left join sales_reps rep on rep.code = b.sales_rep;
comment on table vw_crm_clients is 'ERP branches as the CRM should see them; a branch with an unknown city is not here';

create or replace view vw_crm_clients_contacts as
select c.code as id,
       c.name, c.email, c.email_key, c.phone,
       nvl(c.job_title_desc, t.title) as job_title,
       b.taxid as client_taxid,
       c.id_crm,
       -- Y and S are both yes.
       case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary,
       b.client as client_code,
       b.code as branch_code,
       b.id_crm as lead_id
  from contact c
  join branches b on b.client = c.branch_client and b.code = c.branch_code
  left join contact_job_titles t on t.job_title_code = c.job_title_code;
comment on table vw_crm_clients_contacts is 'ERP contacts of known branches';
