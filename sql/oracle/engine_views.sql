-- What engines read (the contract is connectors/erp/erp.ts): plain selects, every column text, and range_key, a base table's own
-- integer key, so that several readers can share one view by ranges that an index serves. No set logic here: engines compare.

create or replace view desired_leads as
select b.client as range_key,
       cast(b.id_crm as varchar2(20 char)) as id,
       b.description as name,
       b.taxid_key as taxid,
       b.address as address_street,
       b.zipcode as address_zipcode,
       cast(b.address_number as varchar2(20 char)) as address_number,
       b.complement as address_complement,
       b.district as address_district,
       cast(title_case(ci.city_name) as varchar2(60 char)) as city,
       cast(case when ci.country_code = w.home_country then title_case(st.name) end as varchar2(60 char)) as state,
       cast(b.sales_rep as varchar2(20 char)) as sales_rep,
       cast(b.client as varchar2(20 char)) as client_code,
       b.tax_registration as tax_registration,
       -- Per row and by index: a reader of one range must not aggregate the whole history. Same value as vw_crm_clients, tested.
       (select max(h.observations) from credit_limit_history h
         where h.client_code = b.client
           and h.sequence_number = (select max(l.sequence_number) from credit_limit_history l where l.client_code = b.client)) as financial_analysis
  -- An aggregate is one row, whether the setting is there or not, and is looked up once per query.
  from (select min(value) as home_country from ponte_settings where name = 'home_country_code') w
  cross join branches b
  join cities ci on ci.id = b.city
  join states st on st.code = ci.state_code
 where b.id_crm is not null;

create or replace view known_leads as
select l.id as range_key,
       cast(l.id as varchar2(20 char)) as id,
       l.name as name,
       l.taxid_key as taxid,
       l.address_street as address_street,
       l.address_zipcode as address_zipcode,
       cast(l.address_number as varchar2(20 char)) as address_number,
       l.address_complement as address_complement,
       l.address_district as address_district,
       l.city as city,
       l.state as state,
       cast(l.sales_rep as varchar2(20 char)) as sales_rep,
       cast(l.client_code as varchar2(20 char)) as client_code,
       l.tax_registration as tax_registration,
       l.financial_analysis as financial_analysis
  from leads l
 where l.stage in (select alias from crm_stages where integrated = 'S');

create or replace view insert_leads as
select v.client_code as range_key,
       v.id as id,
       v.name as name,
       v.taxid as taxid,
       v.address as address,
       v.district as district,
       v.zipcode as zipcode,
       cast(v.address_number as varchar2(20 char)) as address_number,
       v.city as city,
       v.phone as phone,
       v.complement as complement,
       v.state as state,
       v.country as country,
       v.industry as industry,
       cast(v.sales_rep as varchar2(20 char)) as sales_rep,
       cast(v.client_code as varchar2(20 char)) as client_code,
       v.tax_registration as tax_registration
  from view_insert_lead_in_crm v;

create or replace view desired_contacts as
select c.code as range_key,
       cast(c.id_crm as varchar2(20 char)) as id,
       c.name as name,
       c.email_key as email,
       c.phone as phone,
       nvl(c.job_title_desc, t.title) as job_title,
       case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary,
       cast(b.id_crm as varchar2(20 char)) as lead_id
  from contact c
  join branches b on b.client = c.branch_client and b.code = c.branch_code
  left join contact_job_titles t on t.job_title_code = c.job_title_code
 where c.id_crm is not null and b.id_crm is not null
   and not exists (select 1 from contact d
                    where d.id_crm = c.id_crm and d.branch_client = c.branch_client and d.branch_code = c.branch_code and d.code < c.code);

create or replace view known_contacts as
select c.id as range_key,
       cast(c.id as varchar2(20 char)) as id,
       c.name as name,
       email_key(c.email) as email,
       c.phone as phone,
       c.job_title as job_title,
       nvl(c.is_primary, 'N') as is_primary,
       cast(l.id as varchar2(20 char)) as lead_id
  from contacts c
  join leads l on l.id = c.lead_id
union all
select c.id,
       cast(c.id as varchar2(20 char)),
       c.name,
       email_key(c.email),
       c.phone,
       c.job_title,
       nvl(c.is_primary, 'N'),
       cast(l.id as varchar2(20 char))
  from contacts c
  join leads l on l.client_code = c.client_code
 where c.lead_id is null;

create or replace view insert_contacts as
select v.code as range_key,
       cast(v.code as varchar2(20 char)) as code,
       v.name as name,
       v.email as email,
       v.phone as phone,
       v.job_title as job_title,
       v.is_primary as is_primary,
       cast(v.lead_id as varchar2(20 char)) as lead_id
  from view_insert_contact_in_crm v;

-- What a LEADS row held, as 32 hexadecimal digits: a full sync leaves alone what moved since it began.
create or replace view lead_fingerprints as
select l.id,
       lower(rawtohex(standard_hash(
         nvl(length(l.name), -1) || ':' || l.name || '|' || nvl(length(l.stage), -1) || ':' || l.stage || '|'
         || nvl(length(l.taxid), -1) || ':' || l.taxid || '|' || nvl(length(l.industry), -1) || ':' || l.industry || '|'
         || nvl(length(l.source), -1) || ':' || l.source || '|' || nvl(length(l.phone), -1) || ':' || l.phone || '|'
         || nvl(length(l.address_street), -1) || ':' || l.address_street || '|'
         || nvl(length(l.address_zipcode), -1) || ':' || l.address_zipcode || '|' || l.address_number || '|'
         || nvl(length(l.address_complement), -1) || ':' || l.address_complement || '|'
         || nvl(length(l.address_district), -1) || ':' || l.address_district || '|'
         || nvl(length(l.city), -1) || ':' || l.city || '|' || nvl(length(l.state), -1) || ':' || l.state || '|'
         || l.sales_rep || '|' || nvl(length(l.tax_registration), -1) || ':' || l.tax_registration || '|' || l.client_code || '|'
         || l.budget_value || '|' || l.order_value || '|'
         || nvl(length(l.financial_analysis), -1) || ':' || l.financial_analysis, 'MD5'))) as fingerprint
  from leads l;
