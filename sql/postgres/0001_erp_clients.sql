-- The ERP's side: clients, their branches and contacts. In production these tables are the ERP's own;
-- here they exist so that everything else can be installed and proven. Names that Oracle reserves are renamed:
-- NUMBER -> address_number, DATE -> entry_date, USER -> entry_user.
-- Tax ids, zip codes and phones are text: leading zeros count, and tax ids hold letters since 2026.

create table countries (
  code varchar(3) primary key,
  name varchar(60) not null
);
comment on column countries.code is 'ISO code, e.g. BR';

create table states (
  code varchar(2) primary key,
  name varchar(60) not null,
  name_key varchar(120) generated always as (upper(regexp_replace(normalize(name, nfd), '[\u0300-\u036f]', '', 'g'))) stored
);
comment on column states.code is 'two letters, e.g. SP; XX stands for unknown';
comment on column states.name_key is 'name without accents, upper case: what lookups compare';
create index states_name_key on states (name_key);

create table cities (
  id bigint primary key,
  city_code varchar(10),
  city_name varchar(60) not null,
  state_code varchar(2) not null references states (code),
  country_code varchar(3) not null references countries (code),
  name_key varchar(120) generated always as (upper(regexp_replace(normalize(city_name, nfd), '[\u0300-\u036f]', '', 'g'))) stored
);
comment on column cities.city_code is 'official code of the municipality';
comment on column cities.name_key is 'name without accents, upper case: what lookups compare';
create index cities_name_key on cities (name_key, state_code);

create table industries (
  industry varchar(10) primary key,
  description varchar(60) not null,
  description_key varchar(120) generated always as (upper(regexp_replace(normalize(description, nfd), '[\u0300-\u036f]', '', 'g'))) stored
);
comment on column industries.industry is 'code, compared as text';
comment on column industries.description_key is 'description without accents, upper case';
create index industries_description_key on industries (description_key, industry);

create table sales_reps (
  code bigint primary key,
  email varchar(200)
);
comment on column sales_reps.code is 'option of the CRM field _cod.gestores; 99 stands for unknown';

create table clients (
  client_code bigint primary key,
  company_name varchar(100) not null,
  trading_name varchar(100),
  address varchar(200),
  district varchar(50),
  city bigint,
  state_code varchar(2),
  country varchar(3),
  country_code varchar(3),
  zipcode varchar(10),
  address_number integer,
  complement varchar(200),
  client_type integer,
  account_level integer,
  price_calculation_type integer,
  credit_limit numeric(15, 2),
  credit_limit_indicator integer,
  person_type varchar(2),
  plant_code varchar(5),
  accounting_indicator integer,
  cost_center integer,
  commission_type integer,
  is_intercompany varchar(1),
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
  created_on timestamp
);
comment on table clients is 'a customer; it has one or more branches';
comment on column clients.client_code is 'the CRM field _cod.cliente';
comment on column clients.credit_limit is 'in the home currency; for clients from the CRM it comes from ponte_settings';
comment on column clients.is_intercompany is 'S or N; for clients from the CRM it comes from ponte_settings';
comment on column clients.city is 'cities.id; not a foreign key, 10000 stands for a city that was not found';

create table branches (
  client bigint not null references clients (client_code),
  code integer not null,
  description varchar(100) not null,
  address varchar(200),
  address_number integer,
  district varchar(50),
  complement varchar(200),
  zipcode varchar(10),
  city bigint,
  state varchar(2),
  country varchar(3),
  sales_rep bigint,
  phone varchar(30),
  contact varchar(60),
  taxid varchar(20),
  tax_registration varchar(20),
  postal_box varchar(20),
  email varchar(200),
  external_code varchar(30),
  active varchar(1),
  check_old_order_reference varchar(1),
  print_pallet_label varchar(1),
  integrate_crm varchar(1) check (integrate_crm in ('S', 'Y', 'N')),
  id_crm bigint,
  last_update_user varchar(30),
  last_update_date timestamp,
  created_by varchar(30),
  created_on timestamp,
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
  taxid_key varchar(20) generated always as (
    lpad(upper(nullif(regexp_replace(taxid, '[^0-9A-Za-z]', '', 'g'), '')),
         greatest(14, length(regexp_replace(taxid, '[^0-9A-Za-z]', '', 'g'))), '0')) stored,
  primary key (client, code)
);
comment on table branches is 'an establishment of a client: what the CRM knows as a lead';
comment on column branches.description is 'the lead''s name';
comment on column branches.city is 'cities.id; not a foreign key, 10000 stands for a city that was not found, and such a branch shows in no view';
comment on column branches.taxid is 'CNPJ, or CPF of a person, as typed (text)';
comment on column branches.taxid_key is 'letters and digits only, padded to 14: what is compared and indexed';
comment on column branches.tax_registration is 'state registration; ISENTO is exempt';
comment on column branches.integrate_crm is 'takes part in the integration: S, or Y from older programs; else N or null';
comment on column branches.id_crm is 'the CRM''s lead id';
create index branches_taxid_key on branches (taxid_key);
create index branches_id_crm on branches (id_crm);
create index branches_linked on branches (client) where id_crm is not null;
-- The few branches that wait for their lead, found without reading the many.
create index branches_to_insert on branches (client) where id_crm is null and integrate_crm in ('S', 'Y');
create index branches_to_insert_taxid on branches (taxid_key) where id_crm is null and integrate_crm in ('S', 'Y');

create table client_industries (
  client bigint not null,
  branch integer not null,
  industry varchar(10) not null references industries (industry),
  status varchar(1),
  activation_date timestamp,
  primary key (client, branch, industry),
  foreign key (client, branch) references branches (client, code)
);
comment on column client_industries.status is 'A is active';

create table credit_limit_history (
  client_code bigint not null references clients (client_code),
  sequence_number integer not null,
  entry_date timestamp not null,
  observations varchar(200),
  entry_user varchar(128),
  primary key (client_code, sequence_number)
);
comment on column credit_limit_history.observations is 'the financial analysis; the newest one is what the CRM shows';
create index credit_limit_history_latest on credit_limit_history (client_code, entry_date desc, observations desc nulls last);

create table sales_rep_branches (
  client_code bigint not null,
  branch_code integer not null,
  sales_rep_code bigint not null,
  effective_date timestamp not null,
  from_to_client bigint,
  from_to_branch integer,
  primary key (client_code, branch_code, sales_rep_code, effective_date),
  foreign key (client_code, branch_code) references branches (client, code)
);
comment on table sales_rep_branches is 'which representative a branch had since when';

create table billing_addresses (
  billing_address_seq integer not null,
  client_code bigint not null,
  branch_code integer not null,
  billing_address varchar(200),
  billing_zipcode varchar(10),
  city_code bigint,
  state_code varchar(2),
  country_code varchar(3),
  billing_district varchar(50),
  billing_phone varchar(30),
  email varchar(200),
  complement varchar(200),
  address_number integer,
  primary key (client_code, branch_code, billing_address_seq),
  foreign key (client_code, branch_code) references branches (client, code)
);
comment on column billing_addresses.city_code is 'cities.id, or 10000';

create table contact_job_titles (
  job_title_code varchar(10) primary key,
  title varchar(60) not null
);

create sequence seq_contact_code;
create table contact (
  code bigint primary key default nextval('seq_contact_code'),
  name varchar(60),
  email varchar(200),
  phone varchar(30),
  job_title_desc varchar(60),
  job_title_code varchar(10) references contact_job_titles (job_title_code),
  branch_client bigint,
  branch_code integer,
  is_primary varchar(1) check (is_primary in ('S', 'Y', 'N')),
  id_crm bigint,
  foreign key (branch_client, branch_code) references branches (client, code)
);
comment on table contact is 'the ERP''s contacts; CONTACTS is the mirror of the CRM';
comment on column contact.job_title_desc is 'free text; when empty the title of job_title_code counts';
comment on column contact.branch_code is 'without it the contact shows in no view';
comment on column contact.is_primary is 'S, or Y from older programs; else N or null';
comment on column contact.id_crm is 'the CRM''s person id';
create index contact_branch on contact (branch_client, branch_code);
-- As email_key() compares them.
create index contact_email on contact (lower(nullif(btrim(replace(email, chr(160), ' ')), '')));
create index contact_id_crm on contact (id_crm);
create index contact_to_insert on contact (code) where id_crm is null and email is not null;
create index contact_linked on contact (code) where id_crm is not null;

create sequence seq_client_code;
