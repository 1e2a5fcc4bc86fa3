-- Ponte's own tables inside the ERP's database.

create table ponte_inbox (
  event_id varchar2(100 char) primary key,
  applied_on timestamp(6) default localtimestamp(6) not null
);
comment on table ponte_inbox is 'events from the CRM whose effect is in this database; written in the same transaction as the effect';
comment on column ponte_inbox.event_id is 'delivery id';
create index ponte_inbox_applied on ponte_inbox (applied_on);

create table ponte_settings (
  name varchar2(60 char) primary key,
  value varchar2(200 char),
  note varchar2(400 char) not null
);
comment on table ponte_settings is 'what differs from company to company; change values here, not in views or procedures';
insert into ponte_settings (name, value, note) values ('home_country_code', 'BR', 'COUNTRIES.CODE of the home country');
insert into ponte_settings (name, value, note) values ('default_sales_rep', '99', 'representative when none or an unknown one is given');
insert into ponte_settings (name, value, note) values ('default_industry', '10', 'industry code when the CRM''s industry is unknown here');
insert into ponte_settings (name, value, note) values ('default_city', '10000', 'BRANCHES.CITY when the city is unknown here; must not exist in CITIES');
insert into ponte_settings (name, value, note) values ('default_state', 'XX', 'state code when the city is unknown here');
insert into ponte_settings (name, value, note) values ('credit_limit', '0', 'credit limit of clients made from the CRM (no unlimited credit unless the owner says so)');
insert into ponte_settings (name, value, note) values ('is_intercompany', 'N', 'inter-company flag of clients made from the CRM');
insert into ponte_settings (name, value, note) values ('delete_contacts_in_erp', 'N', 'S: a contact that leaves the mirror is deleted in the ERP too');
insert into ponte_settings (name, value, note) values ('time_zone', 'America/Sao_Paulo', 'whose midnight begins a day of budgets and orders');
insert into ponte_settings (name, value, note) values ('ambiguous_taxid', 'report', 'report: a lead whose tax id several branches without a lead carry is refused; first: the one with the lowest client and branch code is linked');

create table crm_stages (
  alias varchar2(50 char) primary key,
  name varchar2(50 char) not null,
  position number(10) not null,
  integrated varchar2(1 char) not null check (integrated in ('S', 'N')),
  sold varchar2(1 char) not null check (sold in ('S', 'N'))
);
comment on table crm_stages is 'every spelling of every stage of the funnel, so that no view holds a stage''s name';
comment on column crm_stages.alias is 'a spelling: the CRM''s own, the short one, the English one, or with no-break spaces';
comment on column crm_stages.name is 'the CRM''s own spelling';
comment on column crm_stages.position is '0 is discarded, then in the order of the funnel';
comment on column crm_stages.integrated is 'S: leads in this stage are kept in step';
comment on column crm_stages.sold is 'S: the sale is known to the CRM, it is not reported again';
insert into crm_stages (alias, name, position, integrated, sold) values ('Descartado', 'Descartado', 0, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Novos leads', 'Novos leads', 1, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Pesquisa (filtro 1)', 'Pesquisa (filtro 1)', 2, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Pesquisa', 'Pesquisa (filtro 1)', 2, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Prospecção (filtro 2)', 'Prospecção (filtro 2)', 3, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Prospecção', 'Prospecção (filtro 2)', 3, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Passagem de bastão', 'Passagem de bastão', 4, 'N', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Desenvolvimento/Orçamento', 'Desenvolvimento/Orçamento', 5, 'S', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Development/Budget', 'Desenvolvimento/Orçamento', 5, 'S', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Ativação', 'Ativação', 6, 'S', 'S');
insert into crm_stages (alias, name, position, integrated, sold) values ('Activation', 'Ativação', 6, 'S', 'S');
insert into crm_stages (alias, name, position, integrated, sold) values ('Retenção/Expansão', 'Retenção/Expansão', 7, 'S', 'N');
insert into crm_stages (alias, name, position, integrated, sold) values ('Retention/Expansion', 'Retenção/Expansão', 7, 'S', 'N');
-- The CRM writes some spaces as U+00A0; a leading or trailing one is seen too. UNISTR is of the national character set, which no UNION mixes
-- with the other (ORA-12704); REPLACE answers in that of its first argument.
insert into crm_stages (alias, name, position, integrated, sold)
  select replace(alias, ' ', unistr('\00A0')), name, position, integrated, sold from crm_stages where instr(alias, ' ') > 0
  union all
  select alias || replace(' ', ' ', unistr('\00A0')), name, position, integrated, sold from crm_stages
  union all
  select replace(' ', ' ', unistr('\00A0')) || alias, name, position, integrated, sold from crm_stages;

create table ponte_locks (
  slot number(5) primary key
);
comment on table ponte_locks is 'rows to lock: leads with one tax id meet in one row, so that they wait for each other and become one client; events of one lead in another';
comment on column ponte_locks.slot is '0 to 96 from the tax id; 100 to 599 from the id of a lead, whose events come one after another';
insert into ponte_locks (slot)
  select rownum - 1 from crm_stages a cross join crm_stages b where rownum <= 600;

create table mirrored_persons (
  id number(19) primary key
);
comment on table mirrored_persons is 'CONTACTS.ID of every row of CONTACTS, kept by its triggers: a row trigger may not read its own table (ORA-04091)';
comment on column mirrored_persons.id is 'the CRM''s person id';
