-- LEADS, the mirror of the CRM's leads, and what a lead held when it left.

create table leads (
  id number(19) primary key,
  name varchar2(100 char),
  stage varchar2(50 char),
  taxid varchar2(20 char),
  industry varchar2(60 char),
  source varchar2(60 char),
  phone varchar2(30 char),
  address_street varchar2(200 char),
  address_zipcode varchar2(10 char),
  address_number number(10),
  address_complement varchar2(200 char),
  address_district varchar2(50 char),
  city varchar2(60 char),
  state varchar2(60 char),
  sales_rep number(19),
  tax_registration varchar2(20 char),
  client_code number(19),
  budget_value number(20, 6),
  order_value number(20, 6),
  financial_analysis varchar2(200 char),
  taxid_key varchar2(20 char)
);
comment on table leads is 'what the CRM is known to hold; a write fires trg_crm_update_erp';
comment on column leads.id is 'the CRM''s lead id, never made here';
comment on column leads.name is '40 characters reach the CRM';
comment on column leads.stage is 'as the CRM writes it; crm_stages knows its spellings';
comment on column leads.taxid is 'text: leading zeros count';
comment on column leads.taxid_key is 'letters and digits only, padded to 14: what is compared and indexed; kept by a trigger';
comment on column leads.industry is 'description, not code';
comment on column leads.source is 'where the lead came from';
comment on column leads.phone is 'digits, at most 13 (text)';
comment on column leads.address_street is 'street';
comment on column leads.address_zipcode is 'eight digits (text)';
comment on column leads.address_number is '0 is none';
comment on column leads.address_complement is 'flat, floor...';
comment on column leads.address_district is 'district';
comment on column leads.city is 'name';
comment on column leads.state is 'name, not code';
comment on column leads.sales_rep is 'CRM field _cod.gestores';
comment on column leads.tax_registration is 'CRM field _inscricaoestadual; ISENTO is exempt';
comment on column leads.client_code is 'CRM field _cod.cliente';
comment on column leads.budget_value is 'last value that was sent';
comment on column leads.order_value is 'last value that was sent';
comment on column leads.financial_analysis is 'CRM field _analisefinanceira';
create index leads_taxid_key on leads (taxid_key);
create index leads_client_code on leads (client_code);
create index leads_stage on leads (stage);

create table leads_removed (
  id number(19) primary key,
  client_code number(19),
  budget_value number(20, 6),
  order_value number(20, 6),
  stage varchar2(50 char),
  removed_on timestamp(6) default localtimestamp(6) not null,
  reason varchar2(200 char) not null
);
comment on table leads_removed is 'leads that left the mirror: what was sent is kept, so that a lead that comes back is not budgeted and sold again';
