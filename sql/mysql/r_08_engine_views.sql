-- What engines read (the contract is connectors/erp/erp.ts): plain selects, every column text, and range_key, a base table's own
-- integer key, so that several readers can share one view by ranges that an index serves. No set logic here: engines compare.

create view desired_leads as
select b.client as range_key,
       cast(b.id_crm as char) as id,
       b.description as name,
       b.taxid_key as taxid,
       b.address as address_street,
       b.zipcode as address_zipcode,
       cast(b.address_number as char) as address_number,
       b.complement as address_complement,
       b.district as address_district,
       ci.name_title as city,
       case when ci.country_code = ponte_setting('home_country_code') then st.name_title end as state,
       cast(b.sales_rep as char) as sales_rep,
       cast(b.client as char) as client_code,
       b.tax_registration as tax_registration,
       -- Per row and by index: a reader of one range must not aggregate the whole history. Same value as vw_crm_clients.
       (select h.observations from credit_limit_history h
         where h.client_code = b.client order by h.sequence_number desc limit 1) as financial_analysis
  from branches b
  join cities ci on ci.id = b.city
  join states st on st.code = ci.state_code
 where b.id_crm is not null
//

create view known_leads as
select l.id as range_key,
       cast(l.id as char) as id,
       l.name as name,
       l.taxid_key as taxid,
       l.address_street as address_street,
       l.address_zipcode as address_zipcode,
       cast(l.address_number as char) as address_number,
       l.address_complement as address_complement,
       l.address_district as address_district,
       l.city as city,
       l.state as state,
       cast(l.sales_rep as char) as sales_rep,
       cast(l.client_code as char) as client_code,
       l.tax_registration as tax_registration,
       l.financial_analysis as financial_analysis
  from leads l
 where l.stage in (select alias from crm_stages where integrated = 'S')
//

create view insert_leads as
select v.client_code as range_key,
       v.id as id,
       v.name as name,
       v.taxid as taxid,
       v.address as address,
       v.district as district,
       v.zipcode as zipcode,
       cast(v.address_number as char) as address_number,
       v.city as city,
       v.phone as phone,
       v.complement as complement,
       v.state as state,
       v.country as country,
       v.industry as industry,
       cast(v.sales_rep as char) as sales_rep,
       cast(v.client_code as char) as client_code,
       v.tax_registration as tax_registration
  from view_insert_lead_in_crm v
//

create view desired_contacts as
select c.code as range_key,
       cast(c.id_crm as char) as id,
       c.name as name,
       c.email_key as email,
       c.phone as phone,
       coalesce(nullif(c.job_title_desc, ''), t.title) as job_title,
       case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary,
       cast(b.id_crm as char) as lead_id
  from contact c
  join branches b on b.client = c.branch_client and b.code = c.branch_code
  left join contact_job_titles t on t.job_title_code = c.job_title_code
 where c.id_crm is not null and b.id_crm is not null
   and not exists (select 1 from contact d
                    where d.id_crm = c.id_crm and d.branch_client = c.branch_client and d.branch_code = c.branch_code and d.code < c.code)
//

-- Two joins, because one over "or" would use no index.
create view known_contacts as
select c.id as range_key,
       cast(c.id as char) as id,
       c.name as name,
       c.email_key as email,
       c.phone as phone,
       c.job_title as job_title,
       coalesce(c.is_primary, 'N') as is_primary,
       cast(l.id as char) as lead_id
  from contacts c join leads l on l.id = c.lead_id
union all
select c.id, cast(c.id as char), c.name, c.email_key, c.phone, c.job_title, coalesce(c.is_primary, 'N'), cast(l.id as char)
  from contacts c join leads l on l.client_code = c.client_code
 where c.lead_id is null
//

create view insert_contacts as
select v.code as range_key,
       cast(v.code as char) as code,
       v.name as name,
       v.email as email,
       v.phone as phone,
       v.job_title as job_title,
       v.is_primary as is_primary,
       cast(v.lead_id as char) as lead_id
  from view_insert_contact_in_crm v
//
