-- What the way back needs besides: whose person a contact is, and what a lead held when it left the mirror.

alter table contacts add column lead_id bigint;
comment on column contacts.lead_id is 'lead of the person; null in rows of older programs: then any lead of the client code counts';
create index contacts_lead_id on contacts (lead_id);

create table leads_removed (
  id bigint primary key,
  client_code bigint,
  budget_value numeric(20, 6),
  order_value numeric(20, 6),
  stage varchar(50),
  removed_on timestamp(6) not null default localtimestamp,
  reason varchar(200) not null
);
comment on table leads_removed is 'leads that left the mirror: what was sent is kept, so that a lead that comes back is not budgeted and sold again';

insert into ponte_settings (name, value, note) values
  ('ambiguous_taxid', 'report', 'report: a lead whose tax id several branches without a lead carry is refused; first: the one with the lowest client and branch code is linked')
on conflict (name) do nothing;
