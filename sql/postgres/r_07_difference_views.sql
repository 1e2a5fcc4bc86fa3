-- The difference views. Ponte compares outside the database; these are the same comparison in SQL, for people, for
-- older readers, and as the oracle that the engine is tested against.
-- Both sides are brought to one form first, so that spelling alone is never a difference.

-- ID is CLIENT-BRANCH, as in vw_crm_clients. NUMBER is called address_number.
create view view_insert_lead_in_crm as
select v.id, v.company_name as name, v.taxid_key as taxid, v.address_street as address, v.address_district as district,
       v.address_zipcode as zipcode, v.address_number, v.city, v.phone, v.address_complement as complement, v.state, v.country,
       v.industry, v.sales_rep, v.client_code, v.tax_registration
  from vw_crm_clients v
  join branches b on b.client = v.client_code and b.code = v.branch_code
 -- Y and S are both yes.
 where b.integrate_crm in ('S', 'Y') and b.id_crm is null
   -- A tax id that another waiting or linked branch carries names no single lead; the connector reports it.
   and not exists (select from branches o
                    where o.taxid_key = b.taxid_key and (o.id_crm is not null or o.integrate_crm in ('S', 'Y'))
                      and (o.client, o.code) <> (b.client, b.code));

-- B - A as a real set difference, never the symmetric one. Both sides hold only leads in an integrated stage.
create view view_update_lead_in_crm as
select v.id_crm as id, upper(tidy(left(tidy(v.company_name), 40))) as name, v.taxid_key as taxid, upper(tidy(v.address_street)) as address_street,
       zipcode_key(v.address_zipcode) as address_zipcode,
       nullif(v.address_number, 0) as address_number, upper(tidy(v.address_complement)) as address_complement,
       upper(tidy(v.address_district)) as address_district, remove_accents(upper(tidy(v.city))) as city, remove_accents(upper(tidy(v.state))) as state, v.sales_rep, v.client_code,
       tax_registration_key(v.tax_registration) as tax_registration, tidy(v.financial_analysis) as financial_analysis
  from vw_crm_clients v
  join leads l on l.id = v.id_crm
 where l.stage in (select alias from crm_stages where integrated = 'S')
except
select l.id, upper(tidy(left(tidy(l.name), 40))), l.taxid_key, upper(tidy(l.address_street)),
       zipcode_key(l.address_zipcode),
       nullif(l.address_number, 0), upper(tidy(l.address_complement)),
       upper(tidy(l.address_district)), remove_accents(upper(tidy(l.city))), remove_accents(upper(tidy(l.state))), l.sales_rep, l.client_code,
       tax_registration_key(l.tax_registration), tidy(l.financial_analysis)
  from leads l
 where l.stage in (select alias from crm_stages where integrated = 'S');

-- A person and its lead are one row: of several ERP contacts of a branch with one CRM id the lowest contact code speaks.
-- The original joined contact and branch over the tax id, which mixes branches that share one.
create view view_update_contact_in_crm as
select v.id_crm as id, upper(tidy(v.name)) as name, upper(tidy(v.email)) as email, upper(tidy(left(tidy(v.job_title), 30))) as job_title, v.is_primary,
       phone_key(v.phone) as phone, v.lead_id
  from vw_crm_clients_contacts v
 where v.lead_id is not null
   -- The same pair of person and lead on both sides, else a push could never make them equal.
   and exists (select from contacts c join leads l on l.id = v.lead_id where c.id = v.id_crm and (c.lead_id = l.id or c.lead_id is null and l.client_code = c.client_code))
   and not exists (select from contact d
                    where d.id_crm = v.id_crm and d.branch_client = v.client_code and d.branch_code = v.branch_code and d.code < v.id)
except
select c.id, upper(tidy(c.name)), upper(tidy(c.email)), upper(tidy(left(tidy(c.job_title), 30))), coalesce(c.is_primary, 'N'),
       phone_key(c.phone), l.id
  from contacts c
  join leads l on c.lead_id = l.id or c.lead_id is null and l.client_code = c.client_code;

-- ERP contacts of a branch that has a lead, with an e-mail, never sent. Of one e-mail in one branch the lowest code speaks.
create view view_insert_contact_in_crm as
select v.id as code, v.name, email_key(v.email) as email, v.phone, v.job_title, v.is_primary, v.lead_id
  from vw_crm_clients_contacts v
 where v.id_crm is null and email_key(v.email) is not null and v.lead_id is not null
   and not exists (select from contact d
                    where email_key(d.email) = email_key(v.email) and d.branch_client = v.client_code and d.branch_code = v.branch_code
                      and (d.id_crm is not null or d.code < v.id));

-- With the tax id, which the budget job reads. Compared to six places, as the mirror keeps: more would differ for ever.
create view view_leads_budgeted as
select l.id, v.budget_value, v.taxid_key as taxid
  from leads l
  join vw_crm_clients v on v.id_crm = l.id
 where v.budget_value is not null and round(v.budget_value, 6) <> coalesce(l.budget_value, -1);

-- The stage in which a sale is known is found by crm_stages, whatever its spelling. A lead without a stage is left out.
create view view_leads_sold as
select l.id, v.order_value, v.sales_rep_email
  from leads l
  join vw_crm_clients v on v.id_crm = l.id
 where v.budget_value is not null
   and l.stage is not null and l.stage not in (select alias from crm_stages where sold = 'S')
   and round(v.order_value, 6) <> coalesce(l.order_value, -1);
