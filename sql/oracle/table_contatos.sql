-- CONTACTS, the mirror of the CRM's persons.

create table contacts (
  id number(19) not null,
  name varchar2(60 char),
  email varchar2(200 char),
  phone varchar2(30 char),
  job_title varchar2(30 char),
  client_code number(19),
  is_primary varchar2(1 char) check (is_primary in ('S', 'N')),
  lead_id number(19),
  constraint contacts_pk primary key (id)
);
comment on table contacts is 'persons the CRM is known to hold; a write fires trg_crm_update_contact_erp';
comment on column contacts.id is 'the CRM''s person id, never made here';
comment on column contacts.name is 'name';
comment on column contacts.email is 'lower case';
comment on column contacts.phone is 'digits, at most 13 (text)';
comment on column contacts.job_title is '30 characters';
comment on column contacts.client_code is 'of the lead; a number as in leads, the original had text';
comment on column contacts.is_primary is 'S or N';
comment on column contacts.lead_id is 'lead of the person; null in rows of older programs: then any lead of the client code counts';
create index contacts_client_code on contacts (client_code);
create index contacts_lead_id on contacts (lead_id);
create index contacts_email on contacts (email);
