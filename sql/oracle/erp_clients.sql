-- The ERP's side on Oracle: clients, their branches and contacts. In production these tables are the ERP's own,
-- here they exist so that everything else can be installed and proven. Names that Oracle reserves are renamed:
-- NUMBER -> address_number, DATE -> entry_date, USER -> entry_user.
-- Tax ids, zip codes and phones are text: leading zeros count, and tax ids hold letters since 2026.
-- Times are timestamps, because of two analyses in one second the later one counts. Key columns are kept by triggers (triggers.sql):
-- a table of the ERP that must have none takes them as virtual columns, e.g.
--   alter table branches add taxid_key varchar2(20 char) generated always as (cast(taxid_key(taxid) as varchar2(20 char))) virtual

create table countries (
  code varchar2(3 char) primary key,
  name varchar2(60 char) not null
);
comment on column countries.code is 'ISO code, e.g. BR';

create table states (
  code varchar2(2 char) primary key,
  name varchar2(60 char) not null,
  name_key varchar2(120 char)
);
comment on column states.code is 'two letters, e.g. SP; XX stands for unknown';
comment on column states.name_key is 'name without accents, upper case: what lookups compare; kept by a trigger';
create index states_name_key on states (name_key);

create table cities (
  id number(19) primary key,
  city_code varchar2(10 char),
  city_name varchar2(60 char) not null,
  state_code varchar2(2 char) not null references states (code),
  country_code varchar2(3 char) not null references countries (code),
  name_key varchar2(120 char)
);
comment on column cities.city_code is 'official code of the municipality';
comment on column cities.name_key is 'name without accents, upper case: what lookups compare; kept by a trigger';
create index cities_name_key on cities (name_key, state_code);

create table industries (
  industry varchar2(10 char) primary key,
  description varchar2(60 char) not null,
  description_key varchar2(120 char)
);
comment on column industries.industry is 'code, compared as text';
comment on column industries.description_key is 'description without accents, upper case; kept by a trigger';
create index industries_description_key on industries (description_key, industry);

create table sales_reps (
  code number(19) primary key,
  email varchar2(200 char)
);
comment on column sales_reps.code is 'option of the CRM field _cod.gestores; 99 stands for unknown';

create table clients (
  client_code number(19) primary key,
  company_name varchar2(100 char) not null,
  trading_name varchar2(100 char),
  address varchar2(200 char),
  district varchar2(50 char),
  city number(19),
  state_code varchar2(2 char),
  country varchar2(3 char),
  country_code varchar2(3 char),
  zipcode varchar2(10 char),
  address_number number(10),
  complement varchar2(200 char),
  client_type number(10),
  account_level number(10),
  price_calculation_type number(10),
  credit_limit number(15, 2),
  credit_limit_indicator number(10),
  person_type varchar2(2 char),
  plant_code varchar2(5 char),
  accounting_indicator number(10),
  cost_center number(10),
  commission_type number(10),
  is_intercompany varchar2(1 char),
  protest_indicator varchar2(1 char),
  interest_indicator varchar2(1 char),
  letter_protest_indicator varchar2(1 char),
  letter_interest_indicator varchar2(1 char),
  pay_monday varchar2(1 char),
  pay_tuesday varchar2(1 char),
  pay_wednesday varchar2(1 char),
  pay_thursday varchar2(1 char),
  pay_friday varchar2(1 char),
  pay_saturday varchar2(1 char),
  pay_sunday varchar2(1 char),
  pay_advance_retreat varchar2(1 char),
  financial_cost_indicator varchar2(1 char),
  has_edi varchar2(1 char),
  sale_type varchar2(1 char),
  commercial_deliveries varchar2(1 char),
  block_billing varchar2(1 char),
  show_calculated_price_rep varchar2(1 char),
  created_by varchar2(30 char),
  created_on timestamp(6)
);
comment on table clients is 'a customer; it has one or more branches';
comment on column clients.client_code is 'the CRM field _cod.cliente';
comment on column clients.credit_limit is 'in the home currency; for clients from the CRM it comes from ponte_settings';
comment on column clients.is_intercompany is 'S or N; for clients from the CRM it comes from ponte_settings';
comment on column clients.city is 'cities.id; not a foreign key, 10000 stands for a city that was not found';

create table branches (
  client number(19) not null references clients (client_code),
  code number(10) not null,
  description varchar2(100 char) not null,
  address varchar2(200 char),
  address_number number(10),
  district varchar2(50 char),
  complement varchar2(200 char),
  zipcode varchar2(10 char),
  city number(19),
  state varchar2(2 char),
  country varchar2(3 char),
  sales_rep number(19),
  phone varchar2(30 char),
  contact varchar2(60 char),
  taxid varchar2(20 char),
  tax_registration varchar2(20 char),
  postal_box varchar2(20 char),
  email varchar2(200 char),
  external_code varchar2(30 char),
  active varchar2(1 char),
  check_old_order_reference varchar2(1 char),
  print_pallet_label varchar2(1 char),
  integrate_crm varchar2(1 char) check (integrate_crm in ('S', 'Y', 'N')),
  id_crm number(19),
  last_update_user varchar2(30 char),
  last_update_date timestamp(6),
  created_by varchar2(30 char),
  created_on timestamp(6),
  fain_code number(10),
  has_edi varchar2(1 char),
  use_additional_reference varchar2(1 char),
  allow_sales_supp_item varchar2(1 char),
  require_dun_label varchar2(1 char),
  send_invoice_ws number(10),
  allow_quality_corrections number(10),
  default_unit_measure varchar2(5 char),
  default_invoice_items_order varchar2(30 char),
  taxid_status varchar2(1 char),
  quality_standard varchar2(20 char),
  tolerance_display_type varchar2(1 char),
  client_approval_pdf varchar2(1 char),
  client_approval_ab varchar2(1 char),
  taxid_key varchar2(20 char),
  primary key (client, code)
);
comment on table branches is 'an establishment of a client: what the CRM knows as a lead';
comment on column branches.description is 'the lead''s name';
comment on column branches.city is 'cities.id; not a foreign key, 10000 stands for a city that was not found, and such a branch shows in no view';
comment on column branches.taxid is 'CNPJ, or CPF of a person, as typed (text)';
comment on column branches.taxid_key is 'letters and digits only, padded to 14: what is compared and indexed; kept by a trigger';
comment on column branches.tax_registration is 'state registration; ISENTO is exempt';
comment on column branches.integrate_crm is 'takes part in the integration: S, or Y from older programs; else N or null';
comment on column branches.id_crm is 'the CRM''s lead id';
create index branches_taxid_key on branches (taxid_key);
create index branches_id_crm on branches (id_crm);
-- The few branches that wait for their lead.
create index branches_to_insert on branches (integrate_crm, id_crm, client);

create table client_industries (
  client number(19) not null,
  branch number(10) not null,
  industry varchar2(10 char) not null references industries (industry),
  status varchar2(1 char),
  activation_date timestamp(6),
  primary key (client, branch, industry),
  foreign key (client, branch) references branches (client, code)
);
comment on column client_industries.status is 'A is active';

create table credit_limit_history (
  client_code number(19) not null references clients (client_code),
  sequence_number number(10) not null,
  entry_date timestamp(6) not null,
  observations varchar2(200 char),
  entry_user varchar2(128 char),
  primary key (client_code, sequence_number)
);
comment on column credit_limit_history.observations is 'the financial analysis; the newest one is what the CRM shows';
create index credit_limit_history_latest on credit_limit_history (client_code, entry_date);

create table sales_rep_branches (
  client_code number(19) not null,
  branch_code number(10) not null,
  sales_rep_code number(19) not null,
  effective_date timestamp(6) not null,
  from_to_client number(19),
  from_to_branch number(10),
  primary key (client_code, branch_code, sales_rep_code, effective_date),
  foreign key (client_code, branch_code) references branches (client, code)
);
comment on table sales_rep_branches is 'which representative a branch had since when';

create table billing_addresses (
  billing_address_seq number(10) not null,
  client_code number(19) not null,
  branch_code number(10) not null,
  billing_address varchar2(200 char),
  billing_zipcode varchar2(10 char),
  city_code number(19),
  state_code varchar2(2 char),
  country_code varchar2(3 char),
  billing_district varchar2(50 char),
  billing_phone varchar2(30 char),
  email varchar2(200 char),
  complement varchar2(200 char),
  address_number number(10),
  primary key (client_code, branch_code, billing_address_seq),
  foreign key (client_code, branch_code) references branches (client, code)
);
comment on column billing_addresses.city_code is 'cities.id, or 10000';

create table contact_job_titles (
  job_title_code varchar2(10 char) primary key,
  title varchar2(60 char) not null
);

create table contact (
  code number(19) default seq_contact_code.nextval primary key,
  name varchar2(60 char),
  email varchar2(200 char),
  phone varchar2(30 char),
  job_title_desc varchar2(60 char),
  job_title_code varchar2(10 char) references contact_job_titles (job_title_code),
  branch_client number(19),
  branch_code number(10),
  is_primary varchar2(1 char) check (is_primary in ('S', 'Y', 'N')),
  id_crm number(19),
  email_key varchar2(200 char),
  foreign key (branch_client, branch_code) references branches (client, code)
);
comment on table contact is 'the ERP''s contacts; CONTACTS is the mirror of the CRM';
comment on column contact.job_title_desc is 'free text; when empty the title of job_title_code counts';
comment on column contact.branch_code is 'without it the contact shows in no view';
comment on column contact.is_primary is 'S, or Y from older programs; else N or null';
comment on column contact.email_key is 'lower case, trimmed: what is compared; kept by a trigger';
comment on column contact.id_crm is 'the CRM''s person id';
create index contact_branch on contact (branch_client, branch_code);
create index contact_email_key on contact (email_key);
create index contact_id_crm on contact (id_crm);
