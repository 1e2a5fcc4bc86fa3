-- The integration's own tables inside the ERP's database: the mirror of the CRM, logs, settings, stages.

create table leads (
  id bigint primary key,
  name varchar(100),
  stage varchar(50),
  taxid varchar(20),
  industry varchar(60),
  source varchar(60),
  phone varchar(30),
  address_street varchar(200),
  address_zipcode varchar(10),
  address_number integer,
  address_complement varchar(200),
  address_district varchar(50),
  city varchar(60),
  state varchar(60),
  sales_rep bigint,
  tax_registration varchar(20),
  client_code bigint,
  budget_value numeric(20, 6),
  order_value numeric(20, 6),
  financial_analysis varchar(200),
  taxid_key varchar(20) generated always as (
    lpad(upper(nullif(regexp_replace(taxid, '[^0-9A-Za-z]', '', 'g'), '')),
         greatest(14, length(regexp_replace(taxid, '[^0-9A-Za-z]', '', 'g'))), '0')) stored
);
comment on table leads is 'what the CRM is known to hold; a write fires trg_crm_update_erp';
comment on column leads.id is 'the CRM''s lead id, never made here';
comment on column leads.name is '40 characters reach the CRM';
comment on column leads.stage is 'as the CRM writes it; crm_stages knows its spellings';
comment on column leads.taxid is 'text: leading zeros count';
comment on column leads.taxid_key is 'letters and digits only, padded to 14: what is compared and indexed';
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

create table contacts (
  id bigint constraint contacts_pk primary key,
  name varchar(60),
  email varchar(200),
  phone varchar(30),
  job_title varchar(30),
  client_code bigint,
  is_primary varchar(1) check (is_primary in ('S', 'N'))
);
comment on table contacts is 'persons the CRM is known to hold; a write fires trg_crm_update_contact_erp';
comment on column contacts.id is 'the CRM''s person id, never made here';
comment on column contacts.name is 'name';
comment on column contacts.email is 'lower case';
comment on column contacts.phone is 'digits, at most 13 (text)';
comment on column contacts.job_title is '30 characters';
comment on column contacts.client_code is 'of the lead; a number as in leads, the original had text';
comment on column contacts.is_primary is 'S or N';
create index contacts_client_code on contacts (client_code);
create index contacts_email on contacts (lower(email));

create sequence seq_error_log_id cache 20;
create table error_log (
  log_id bigint primary key default nextval('seq_error_log_id'),
  created_on timestamp(6) not null default localtimestamp,
  created_by varchar(100) not null default current_user,
  errorcode integer,
  callstack varchar(4000),
  errorstack varchar(4000),
  backtrace varchar(4000),
  error_info varchar(4000)
);
comment on table error_log is 'written on a connection of its own, so that it outlives the transaction that failed';
comment on column error_log.errorcode is '-20001 client not added, -20012 client not updated, -20020 mirror write refused; else null';
comment on column error_log.callstack is 'unused on PostgreSQL';
comment on column error_log.errorstack is 'SQLSTATE and message';
comment on column error_log.backtrace is 'PL/pgSQL context';
comment on column error_log.error_info is 'which row was being written, by id';

create sequence seq_log_execution_crm;
create table log_execution_crm (
  log_id bigint primary key,
  created_on timestamp(6) not null default localtimestamp,
  job varchar(100),
  lead_id varchar(30),
  lead_name varchar(200),
  field varchar(100),
  value varchar(4000)
);
comment on table log_execution_crm is 'business events for people in the ERP';
comment on column log_execution_crm.log_id is 'filled by trg_log_execution_crm when null';
comment on column log_execution_crm.job is 'name of the job';
comment on column log_execution_crm.lead_id is 'CRM id';
comment on column log_execution_crm.field is 'field that the event is about';

create table ponte_inbox (
  event_id varchar(100) primary key,
  applied_on timestamp(6) not null default localtimestamp
);
comment on table ponte_inbox is 'events from the CRM whose effect is in this database; written in the same transaction as the effect';
comment on column ponte_inbox.event_id is 'delivery id';
create index ponte_inbox_applied on ponte_inbox (applied_on);

create table ponte_settings (
  name varchar(60) primary key,
  value varchar(200),
  note varchar(400) not null
);
comment on table ponte_settings is 'what differs from company to company; change values here, not in views or procedures';
insert into ponte_settings (name, value, note) values
  ('home_country_code', 'BR', 'COUNTRIES.CODE of the home country'),
  ('home_country_name', 'Brasil', 'how the CRM names the home country'),
  ('default_sales_rep', '99', 'representative when none or an unknown one is given'),
  ('default_industry', '10', 'industry code when the CRM''s industry is unknown here'),
  ('default_city', '10000', 'BRANCHES.CITY when the city is unknown here; must not exist in CITIES'),
  ('default_state', 'XX', 'state code when the city is unknown here'),
  ('credit_limit', '0', 'credit limit of clients made from the CRM (no unlimited credit unless the owner says so)'),
  ('is_intercompany', 'N', 'inter-company flag of clients made from the CRM'),
  ('delete_contacts_in_erp', 'N', 'S: a contact that leaves the mirror is deleted in the ERP too'),
  ('time_zone', 'America/Sao_Paulo', 'whose midnight begins a day of budgets and orders');

create table crm_stages (
  alias varchar(50) primary key,
  name varchar(50) not null,
  position integer not null,
  integrated varchar(1) not null check (integrated in ('S', 'N')),
  sold varchar(1) not null check (sold in ('S', 'N'))
);
comment on table crm_stages is 'every spelling of every stage of the funnel, so that no view holds a stage''s name';
comment on column crm_stages.alias is 'a spelling: the CRM''s own, the short one, the English one, or with no-break spaces';
comment on column crm_stages.name is 'the CRM''s own spelling';
comment on column crm_stages.position is '0 is discarded, then in the order of the funnel';
comment on column crm_stages.integrated is 'S: leads in this stage are kept in step';
comment on column crm_stages.sold is 'S: the sale is known to the CRM, it is not reported again';
insert into crm_stages (alias, name, position, integrated, sold) values
  ('Descartado', 'Descartado', 0, 'N', 'N'),
  ('Novos leads', 'Novos leads', 1, 'N', 'N'),
  ('Pesquisa (filtro 1)', 'Pesquisa (filtro 1)', 2, 'N', 'N'),
  ('Pesquisa', 'Pesquisa (filtro 1)', 2, 'N', 'N'),
  ('Prospecção (filtro 2)', 'Prospecção (filtro 2)', 3, 'N', 'N'),
  ('Prospecção', 'Prospecção (filtro 2)', 3, 'N', 'N'),
  ('Passagem de bastão', 'Passagem de bastão', 4, 'N', 'N'),
  ('Desenvolvimento/Orçamento', 'Desenvolvimento/Orçamento', 5, 'S', 'N'),
  ('Development/Budget', 'Desenvolvimento/Orçamento', 5, 'S', 'N'),
  ('Ativação', 'Ativação', 6, 'S', 'S'),
  ('Activation', 'Ativação', 6, 'S', 'S'),
  ('Retenção/Expansão', 'Retenção/Expansão', 7, 'S', 'N'),
  ('Retention/Expansion', 'Retenção/Expansão', 7, 'S', 'N');
-- The CRM writes some spaces as U+00A0; a leading or trailing one is seen too.
insert into crm_stages (alias, name, position, integrated, sold)
  select replace(alias, ' ', chr(160)), name, position, integrated, sold from crm_stages where position(' ' in alias) > 0
  union all
  select alias || chr(160), name, position, integrated, sold from crm_stages
  union all
  select chr(160) || alias, name, position, integrated, sold from crm_stages;
