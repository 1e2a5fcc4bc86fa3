-- What engines read (the contract is connectors/erp/erp.ts): plain selects, every column text, and range_key, a base table's own
-- integer key, so that several readers can share one view by ranges that an index serves. No set logic here: engines compare.

create view desired_leads as
select b.client as range_key,
       b.id_crm::text as id,
       b.description::text as name,
       b.taxid_key::text as taxid,
       b.address::text as address_street,
       b.zipcode::text as address_zipcode,
       b.address_number::text as address_number,
       b.complement::text as address_complement,
       b.district::text as address_district,
       initcap2(ci.city_name)::text as city,
       case when ci.country_code = (select ponte_setting('home_country_code')) then initcap2(st.name) end as state,
       b.sales_rep::text as sales_rep,
       b.client::text as client_code,
       b.tax_registration::text as tax_registration,
       -- Per row and by index: a reader of one range must not aggregate the whole history. Same value as vw_crm_clients, tested.
       (select h.observations::text from credit_limit_history h
         where h.client_code = b.client order by h.sequence_number desc limit 1) as financial_analysis
  from branches b
  join cities ci on ci.id = b.city
  join states st on st.code = ci.state_code
 where b.id_crm is not null;

create view known_leads as
select l.id as range_key,
       l.id::text as id,
       l.name::text as name,
       l.taxid_key::text as taxid,
       l.address_street::text as address_street,
       l.address_zipcode::text as address_zipcode,
       l.address_number::text as address_number,
       l.address_complement::text as address_complement,
       l.address_district::text as address_district,
       l.city::text as city,
       l.state::text as state,
       l.sales_rep::text as sales_rep,
       l.client_code::text as client_code,
       l.tax_registration::text as tax_registration,
       l.financial_analysis::text as financial_analysis
  from leads l
 where l.stage in (select alias from crm_stages where integrated = 'S');

create view insert_leads as
select v.client_code as range_key,
       v.id::text as id,
       v.name::text as name,
       v.taxid::text as taxid,
       v.address::text as address,
       v.district::text as district,
       v.zipcode::text as zipcode,
       v.address_number::text as address_number,
       v.city::text as city,
       v.phone::text as phone,
       v.complement::text as complement,
       v.state::text as state,
       v.country::text as country,
       v.industry::text as industry,
       v.sales_rep::text as sales_rep,
       v.client_code::text as client_code,
       v.tax_registration::text as tax_registration
  from view_insert_lead_in_crm v;

create view desired_contacts as
select c.code as range_key,
       c.id_crm::text as id,
       c.name::text as name,
       email_key(c.email)::text as email,
       c.phone::text as phone,
       coalesce(nullif(c.job_title_desc, ''), t.title)::text as job_title,
       case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary,
       b.id_crm::text as lead_id
  from contact c
  join branches b on b.client = c.branch_client and b.code = c.branch_code
  left join contact_job_titles t on t.job_title_code = c.job_title_code
 where c.id_crm is not null and b.id_crm is not null
   and not exists (select from contact d
                    where d.id_crm = c.id_crm and d.branch_client = c.branch_client and d.branch_code = c.branch_code and d.code < c.code);

create view known_contacts as
select c.id as range_key,
       c.id::text as id,
       c.name::text as name,
       email_key(c.email)::text as email,
       c.phone::text as phone,
       c.job_title::text as job_title,
       coalesce(c.is_primary, 'N')::text as is_primary,
       l.id::text as lead_id
  from contacts c
  join lateral (select o.id from leads o where o.id = c.lead_id
                union all
                select o.id from leads o where c.lead_id is null and o.client_code = c.client_code) l on true;

create view insert_contacts as
select v.code as range_key,
       v.code::text as code,
       v.name::text as name,
       v.email::text as email,
       v.phone::text as phone,
       v.job_title::text as job_title,
       v.is_primary::text as is_primary,
       v.lead_id::text as lead_id
  from view_insert_contact_in_crm v;
