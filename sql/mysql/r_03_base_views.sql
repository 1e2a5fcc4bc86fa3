-- The base views. What a reader does not ask for costs nothing: values of other tables are subselects in the list of
-- columns, served by an index per row; MySQL would build a joined aggregate even when no column of it is used.

-- Budget and order values as sets, one row per branch with any (equal to pkg_crm_client, tested).
create view vw_crm_budget_values as
select b.client_billing_code as client, b.branch_billing_code as branch,
       sum(q.bid_quantity * 0.001 * coalesce(nullif(q.negotiated_price, 0), q.price)) as budget_value
  from budget b
  join budget_item i on i.bdg_number = b.budget_number
  join budget_item_delivery d on d.bit_bdg_number = i.bdg_number and d.bit_item = i.item
   and d.client_code = b.client_billing_code and d.branch_code = b.branch_billing_code
  join budget_item_quant_delivery q on q.bid_bdg_number = i.bdg_number and q.bid_item = i.item
   and q.client_code = d.client_code and q.branch_code = d.branch_code
 where i.item_date >= erp_today() and i.item_date < erp_today() + interval 366 day
   and i.`generated` <> 'N' and d.billing_client in ('S', 'Y') and d.approval_date is not null
   and q.bid_quantity = (select min(t.quantity) from budget_item_quantity t where t.bit_bdg_number = i.bdg_number and t.bit_item = i.item)
 group by b.client_billing_code, b.branch_billing_code
//

create view vw_crm_order_values as
select p.key1 as client, p.key2 as branch, sum(i.item_qty * d.unit_value) as order_value
  from person p
  join sales_order o on o.pers_code = p.code
  join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
  join sales_order_item_delivery d on d.sod_company_code = i.so_company_code and d.sod_number = i.so_number
   and d.sequence_number = i.sequence_number
 where i.item_date >= erp_today() and i.item_date < erp_today() + interval 366 day and d.billing_client in ('S', 'Y')
 group by p.key1, p.key2
//

-- ERP branches as the CRM should see them; a branch with an unknown city is not here.
create view vw_crm_clients as
select concat(b.client, '-', b.code) as id,
       b.client as client_code,
       b.code as branch_code,
       b.description as company_name,
       b.taxid, b.taxid_key, b.sales_rep, b.phone, b.email, b.tax_registration, b.id_crm,
       initcap2(co.name) as country,
       case when co.code = ponte_setting('home_country_code') then st.name_title end as state,
       ci.name_title as city,
       ci.city_code,
       b.zipcode as address_zipcode,
       b.address as address_street,
       b.address_number,
       b.district as address_district,
       b.complement as address_complement,
       -- Y and S are both yes.
       case when b.integrate_crm in ('S', 'Y') then 'S' else 'N' end as integrate_crm,
       (select min(i.description_title) from client_industries ci2 join industries i on i.industry = ci2.industry
         where ci2.client = b.client and ci2.branch = b.code) as industry,
       (select h.observations from credit_limit_history h
         where h.client_code = b.client order by h.sequence_number desc limit 1) as financial_analysis,
       pkg_crm_client_get_budget_value(b.client, b.code, erp_today()) as budget_value,
       pkg_crm_client_has_order(b.client, b.code, erp_today()) as has_order,
       pkg_crm_client_get_order_value(b.client, b.code, erp_today()) as order_value,
       pkg_crm_client_has_order(b.client, b.code, erp_today() + interval 30 day) as has_retention,
       (select rep.email from sales_reps rep where rep.code = b.sales_rep) as sales_rep_email
  from branches b
  join cities ci on ci.id = b.city
  join states st on st.code = ci.state_code
  join countries co on co.code = ci.country_code
//

-- ERP contacts of known branches.
create view vw_crm_clients_contacts as
select c.code as id,
       c.name, c.email, c.email_key, c.phone,
       coalesce(nullif(c.job_title_desc, ''), t.title) as job_title,
       b.taxid as client_taxid,
       c.id_crm,
       -- Y and S are both yes.
       case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary,
       b.client as client_code,
       b.code as branch_code,
       b.id_crm as lead_id
  from contact c
  join branches b on b.client = c.branch_client and b.code = c.branch_code
  left join contact_job_titles t on t.job_title_code = c.job_title_code
//
