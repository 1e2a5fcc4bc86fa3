-- The ERP's side: clients, their branches and contacts. In production these tables are the ERP's own;
-- here they exist so that everything else can be installed and proven. Names that Oracle reserves are renamed:
-- NUMBER -> address_number, DATE -> entry_date, USER -> entry_user.
-- Tax ids, zip codes and phones are text: leading zeros count, and tax ids hold letters since 2026.
-- Every statement can be run again and ends at a line of two slashes. ponte_bin and ponte_ai stand for the server's own names of a
-- collation that compares code points, blanks at the end included, and one that sees neither accents nor case.

-- Parameters and variables of routines have this collation.
alter database character set utf8mb4 collate ponte_bin
//

create table if not exists countries (
  code varchar(3) primary key comment 'ISO code, e.g. BR',
  name varchar(60) not null
) character set utf8mb4 collate ponte_bin
//

create table if not exists states (
  code varchar(2) primary key comment 'two letters, e.g. SP; XX stands for unknown',
  name varchar(60) not null,
  name_title varchar(60) comment 'initcap2(name), kept by a trigger, because a stored function per row is slow',
  name_key varchar(60) character set utf8mb4 collate ponte_ai generated always as (name) stored comment 'what lookups compare: its collation sees neither accents nor case',
  key states_name_key (name_key)
) character set utf8mb4 collate ponte_bin
//

create table if not exists cities (
  id bigint primary key,
  city_code varchar(10) comment 'official code of the municipality',
  city_name varchar(60) not null,
  state_code varchar(2) not null,
  country_code varchar(3) not null,
  name_title varchar(60) comment 'initcap2(city_name), kept by a trigger',
  name_key varchar(60) character set utf8mb4 collate ponte_ai generated always as (city_name) stored comment 'what lookups compare: its collation sees neither accents nor case',
  key cities_name_key (name_key, state_code),
  foreign key (state_code) references states (code),
  foreign key (country_code) references countries (code)
) character set utf8mb4 collate ponte_bin
//

create table if not exists industries (
  industry varchar(10) primary key comment 'code, compared as text',
  description varchar(60) not null,
  description_title varchar(60) comment 'initcap2(description), kept by a trigger',
  description_key varchar(60) character set utf8mb4 collate ponte_ai generated always as (description) stored comment 'what lookups compare: its collation sees neither accents nor case',
  key industries_description_key (description_key, industry)
) character set utf8mb4 collate ponte_bin
//

create table if not exists sales_reps (
  code bigint primary key comment 'option of the CRM field _cod.gestores; 99 stands for unknown',
  email varchar(200)
) character set utf8mb4 collate ponte_bin
//

create table if not exists clients (
  client_code bigint primary key comment 'the CRM field _cod.cliente',
  company_name varchar(100) not null,
  trading_name varchar(100),
  address varchar(200),
  district varchar(50),
  city bigint comment 'cities.id; not a foreign key, 10000 stands for a city that was not found',
  state_code varchar(2),
  country varchar(3),
  country_code varchar(3),
  zipcode varchar(10),
  address_number integer,
  complement varchar(200),
  client_type integer,
  account_level integer,
  price_calculation_type integer,
  credit_limit decimal(15, 2) comment 'in the home currency; for clients from the CRM it comes from ponte_settings',
  credit_limit_indicator integer,
  person_type varchar(2),
  plant_code varchar(5),
  accounting_indicator integer,
  cost_center integer,
  commission_type integer,
  is_intercompany varchar(1) comment 'S or N; for clients from the CRM it comes from ponte_settings',
  protest_indicator varchar(1),
  interest_indicator varchar(1),
  letter_protest_indicator varchar(1),
  letter_interest_indicator varchar(1),
  pay_monday varchar(1),
  pay_tuesday varchar(1),
  pay_wednesday varchar(1),
  pay_thursday varchar(1),
  pay_friday varchar(1),
  pay_saturday varchar(1),
  pay_sunday varchar(1),
  pay_advance_retreat varchar(1),
  financial_cost_indicator varchar(1),
  has_edi varchar(1),
  sale_type varchar(1),
  commercial_deliveries varchar(1),
  block_billing varchar(1),
  show_calculated_price_rep varchar(1),
  created_by varchar(30),
  created_on datetime(6)
) comment = 'a customer; it has one or more branches' character set utf8mb4 collate ponte_bin
//

create table if not exists branches (
  client bigint not null,
  code integer not null,
  description varchar(100) not null comment 'the lead''s name',
  address varchar(200),
  address_number integer,
  district varchar(50),
  complement varchar(200),
  zipcode varchar(10),
  city bigint comment 'cities.id; not a foreign key, 10000 stands for a city that was not found, and such a branch shows in no view',
  state varchar(2),
  country varchar(3),
  sales_rep bigint,
  phone varchar(30),
  contact varchar(60),
  taxid varchar(20) comment 'CNPJ, or CPF of a person, as typed (text)',
  tax_registration varchar(20) comment 'state registration; ISENTO is exempt',
  postal_box varchar(20),
  email varchar(200),
  external_code varchar(30),
  active varchar(1),
  check_old_order_reference varchar(1),
  print_pallet_label varchar(1),
  integrate_crm varchar(1) comment 'takes part in the integration: S, or Y from older programs; else N or null' check (integrate_crm in ('S', 'Y', 'N')),
  id_crm bigint comment 'the CRM''s lead id',
  last_update_user varchar(30),
  last_update_date datetime(6),
  created_by varchar(30),
  created_on datetime(6),
  fain_code integer,
  has_edi varchar(1),
  use_additional_reference varchar(1),
  allow_sales_supp_item varchar(1),
  require_dun_label varchar(1),
  send_invoice_ws integer,
  allow_quality_corrections integer,
  default_unit_measure varchar(5),
  default_invoice_items_order varchar(30),
  taxid_status varchar(1),
  quality_standard varchar(20),
  tolerance_display_type varchar(1),
  client_approval_pdf varchar(1),
  client_approval_ab varchar(1),
  taxid_key varchar(20) generated always as (lpad(upper(nullif(regexp_replace(taxid, '[^0-9A-Za-z]', ''), '')), greatest(14, char_length(regexp_replace(taxid, '[^0-9A-Za-z]', ''))), '0')) stored comment 'letters and digits only, padded to 14: what is compared and indexed',
  primary key (client, code),
  key branches_taxid_key (taxid_key),
  key branches_id_crm (id_crm),
  key branches_to_insert (integrate_crm, id_crm, taxid_key),
  foreign key (client) references clients (client_code)
) comment = 'an establishment of a client: what the CRM knows as a lead' character set utf8mb4 collate ponte_bin
//

create table if not exists client_industries (
  client bigint not null,
  branch integer not null,
  industry varchar(10) not null,
  status varchar(1) comment 'A is active',
  activation_date datetime(6),
  primary key (client, branch, industry),
  foreign key (client, branch) references branches (client, code),
  foreign key (industry) references industries (industry)
) character set utf8mb4 collate ponte_bin
//

create table if not exists credit_limit_history (
  client_code bigint not null,
  sequence_number integer not null,
  entry_date datetime(6) not null,
  observations varchar(200) comment 'the financial analysis; the newest one is what the CRM shows',
  entry_user varchar(128),
  primary key (client_code, sequence_number),
  key credit_limit_history_latest (client_code, entry_date desc, observations desc),
  foreign key (client_code) references clients (client_code)
) character set utf8mb4 collate ponte_bin
//

create table if not exists sales_rep_branches (
  client_code bigint not null,
  branch_code integer not null,
  sales_rep_code bigint not null,
  effective_date datetime(6) not null,
  from_to_client bigint,
  from_to_branch integer,
  primary key (client_code, branch_code, sales_rep_code, effective_date),
  foreign key (client_code, branch_code) references branches (client, code)
) comment = 'which representative a branch had since when' character set utf8mb4 collate ponte_bin
//

create table if not exists billing_addresses (
  billing_address_seq integer not null,
  client_code bigint not null,
  branch_code integer not null,
  billing_address varchar(200),
  billing_zipcode varchar(10),
  city_code bigint comment 'cities.id, or 10000',
  state_code varchar(2),
  country_code varchar(3),
  billing_district varchar(50),
  billing_phone varchar(30),
  email varchar(200),
  complement varchar(200),
  address_number integer,
  primary key (client_code, branch_code, billing_address_seq),
  foreign key (client_code, branch_code) references branches (client, code)
) character set utf8mb4 collate ponte_bin
//

create table if not exists contact_job_titles (
  job_title_code varchar(10) primary key,
  title varchar(60) not null
) character set utf8mb4 collate ponte_bin
//

create table if not exists contact (
  code bigint auto_increment primary key,
  name varchar(60),
  email varchar(200),
  phone varchar(30),
  job_title_desc varchar(60) comment 'free text; when empty the title of job_title_code counts',
  job_title_code varchar(10),
  branch_client bigint,
  branch_code integer comment 'without it the contact shows in no view',
  is_primary varchar(1) comment 'S, or Y from older programs; else N or null' check (is_primary in ('S', 'Y', 'N')),
  id_crm bigint comment 'the CRM''s person id',
  foreign key (branch_client, branch_code) references branches (client, code),
  email_key varchar(200) generated always as (lower(nullif(trim(replace(email, _utf8mb4 0xC2A0, ' ')), ''))) stored comment 'as email_key() compares them',
  key contact_branch (branch_client, branch_code),
  key contact_email (email_key),
  key contact_id_crm (id_crm),
  foreign key (job_title_code) references contact_job_titles (job_title_code)
) comment = 'the ERP''s contacts; CONTACTS is the mirror of the CRM' character set utf8mb4 collate ponte_bin
//


-- MySQL has no sequences: the row is locked until the transaction ends, so codes are given one after another.
create table if not exists ponte_sequences (
  name varchar(60) primary key,
  value bigint not null
) comment = 'last number given' character set utf8mb4 collate ponte_bin
//
insert ignore into ponte_sequences (name, value) values ('client_code', 0)
//

-- What PostgreSQL's advisory locks of a transaction do. A row per bucket of hashed names, made beforehand: locking one makes no gap.
create table if not exists ponte_locks (
  bucket integer primary key
) comment = 'locked with select for update until the transaction ends' character set utf8mb4 collate ponte_bin
//
insert ignore into ponte_locks (bucket)
  with recursive n as (select 0 as bucket union all select bucket + 1 from n where bucket < 999) select bucket from n
//
