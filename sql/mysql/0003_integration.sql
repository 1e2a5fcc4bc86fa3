-- The integration's own tables inside the ERP's database: the mirror of the CRM, logs, settings, stages.

create table if not exists leads (
  id bigint primary key comment 'the CRM''s lead id, never made here',
  name varchar(100) comment '40 characters reach the CRM',
  stage varchar(50) comment 'as the CRM writes it; crm_stages knows its spellings',
  taxid varchar(20) comment 'text: leading zeros count',
  industry varchar(60) comment 'description, not code',
  source varchar(60) comment 'where the lead came from',
  phone varchar(30) comment 'digits, at most 13 (text)',
  address_street varchar(200) comment 'street',
  address_zipcode varchar(10) comment 'eight digits (text)',
  address_number integer comment '0 is none',
  address_complement varchar(200) comment 'flat, floor...',
  address_district varchar(50) comment 'district',
  city varchar(60) comment 'name',
  state varchar(60) comment 'name, not code',
  sales_rep bigint comment 'CRM field _cod.gestores',
  tax_registration varchar(20) comment 'CRM field _inscricaoestadual; ISENTO is exempt',
  client_code bigint comment 'CRM field _cod.cliente',
  budget_value decimal(20, 6) comment 'last value that was sent',
  order_value decimal(20, 6) comment 'last value that was sent',
  financial_analysis varchar(200) comment 'CRM field _analisefinanceira',
  taxid_key varchar(20) generated always as (lpad(upper(nullif(regexp_replace(taxid, '[^0-9A-Za-z]', ''), '')), greatest(14, char_length(regexp_replace(taxid, '[^0-9A-Za-z]', ''))), '0')) stored comment 'letters and digits only, padded to 14: what is compared and indexed',
  key leads_taxid_key (taxid_key),
  key leads_client_code (client_code),
  key leads_stage (stage)
) comment = 'what the CRM is known to hold; a write fires trg_crm_update_erp' character set utf8mb4 collate ponte_bin
//

create table if not exists contacts (
  id bigint primary key comment 'the CRM''s person id, never made here',
  name varchar(60) comment 'name',
  email varchar(200) comment 'lower case',
  phone varchar(30) comment 'digits, at most 13 (text)',
  job_title varchar(30) comment '30 characters',
  client_code bigint comment 'of the lead; a number as in leads, the original had text',
  is_primary varchar(1) comment 'S or N' check (is_primary in ('S', 'N')),
  lead_id bigint comment 'lead of the person; null in rows of older programs: then any lead of the client code counts',
  email_key varchar(200) generated always as (lower(nullif(trim(replace(email, _utf8mb4 0xC2A0, ' ')), ''))) stored,
  key contacts_client_code (client_code),
  key contacts_email (email_key),
  key contacts_lead_id (lead_id)
) comment = 'persons the CRM is known to hold; a write fires trg_crm_update_contact_erp' character set utf8mb4 collate ponte_bin
//

create table if not exists error_log (
  log_id bigint auto_increment primary key,
  created_on datetime(6) not null default current_timestamp(6),
  created_by varchar(100) not null default (current_user()),
  errorcode integer comment '-20001 client not added, -20012 client not updated, -20020 mirror write refused; else null',
  callstack varchar(4000) comment 'unused on MySQL',
  errorstack varchar(4000) comment 'SQLSTATE and message',
  backtrace varchar(4000) comment 'unused on MySQL',
  error_info varchar(4000) comment 'which row was being written, by id'
) comment = 'written on a connection of its own, so that it outlives the transaction that failed' character set utf8mb4 collate ponte_bin
//

create table if not exists log_execution_crm (
  log_id bigint auto_increment primary key,
  created_on datetime(6) not null default current_timestamp(6),
  job varchar(100) comment 'name of the job',
  lead_id varchar(30) comment 'CRM id',
  lead_name varchar(200),
  field varchar(100) comment 'field that the event is about',
  value varchar(4000)
) comment = 'business events for people in the ERP' character set utf8mb4 collate ponte_bin
//

create table if not exists ponte_inbox (
  event_id varchar(100) primary key comment 'delivery id',
  applied_on datetime(6) not null default current_timestamp(6),
  key ponte_inbox_applied (applied_on)
) comment = 'events from the CRM whose effect is in this database; written in the same transaction as the effect' character set utf8mb4 collate ponte_bin
//

create table if not exists ponte_settings (
  name varchar(60) primary key,
  value varchar(200),
  note varchar(400) not null
) comment = 'what differs from company to company; change values here, not in views or procedures' character set utf8mb4 collate ponte_bin
//
insert ignore into ponte_settings (name, value, note) values
  ('home_country_code', 'BR', 'COUNTRIES.CODE of the home country'),
  ('home_country_name', 'Brasil', 'how the CRM names the home country'),
  ('default_sales_rep', '99', 'representative when none or an unknown one is given'),
  ('default_industry', '10', 'industry code when the CRM''s industry is unknown here'),
  ('default_city', '10000', 'BRANCHES.CITY when the city is unknown here; must not exist in CITIES'),
  ('default_state', 'XX', 'state code when the city is unknown here'),
  ('credit_limit', '0', 'credit limit of clients made from the CRM (no unlimited credit unless the owner says so)'),
  ('is_intercompany', 'N', 'inter-company flag of clients made from the CRM'),
  ('delete_contacts_in_erp', 'N', 'S: a contact that leaves the mirror is deleted in the ERP too'),
  ('time_zone', 'America/Sao_Paulo', 'whose midnight begins a day of budgets and orders'),
  ('time_zone_offset', '-03:00', 'used while the server has no time zone tables (mysql_tzinfo_to_sql), where time_zone is unknown'),
  ('ambiguous_taxid', 'report', 'report: a lead whose tax id several branches without a lead carry is refused; first: the one with the lowest client and branch code is linked')
//

create table if not exists crm_stages (
  alias varchar(50) primary key comment 'a spelling: the CRM''s own, the short one, the English one, or with no-break spaces',
  name varchar(50) not null comment 'the CRM''s own spelling',
  position integer not null comment '0 is discarded, then in the order of the funnel',
  integrated varchar(1) not null comment 'S: leads in this stage are kept in step' check (integrated in ('S', 'N')),
  sold varchar(1) not null comment 'S: the sale is known to the CRM, it is not reported again' check (sold in ('S', 'N'))
) comment = 'every spelling of every stage of the funnel, so that no view holds a stage''s name' character set utf8mb4 collate ponte_bin
//
insert ignore into crm_stages (alias, name, position, integrated, sold) values
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
  ('Retention/Expansion', 'Retenção/Expansão', 7, 'S', 'N')
//
-- The CRM writes some spaces as U+00A0; a leading or trailing one is seen too.
insert ignore into crm_stages (alias, name, position, integrated, sold)
  select replace(alias, ' ', _utf8mb4 0xC2A0), name, position, integrated, sold from crm_stages
   where locate(' ', alias) > 0 and locate(_utf8mb4 0xC2A0, alias) = 0
  union all
  select concat(alias, _utf8mb4 0xC2A0), name, position, integrated, sold from crm_stages where locate(_utf8mb4 0xC2A0, alias) = 0
  union all
  select concat(_utf8mb4 0xC2A0, alias), name, position, integrated, sold from crm_stages where locate(_utf8mb4 0xC2A0, alias) = 0
//
