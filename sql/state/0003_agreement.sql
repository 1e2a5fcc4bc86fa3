-- The agreement of both sides: one set of values per record, conflicts, what became of each event, how far the CRM was polled.

alter table agreed rename column erp to fields;
alter table agreed drop column crm;
alter table agreed add column crm_time text;
comment on table agreed is 'Per record, the values that both sides last held, by canonical column, as the ERP spells them.';
comment on column agreed.crm_time is 'The CRM''s updateDate when it was last read; null: not read since the row was made.';

create table conflicts (
  id          bigint generated always as identity primary key,
  entity      text not null,
  key         text not null,
  field       text not null,
  agreed      text,
  erp         text,
  crm         text,
  winner      text not null check (winner in ('erp', 'crm')),
  event       text not null,
  created_at  timestamptz not null default clock_timestamp(),
  unique (event, entity, key, field)
);
create index conflicts_newest on conflicts (created_at desc);
create index conflicts_by_key on conflicts (entity, key);
comment on table conflicts is 'Both sides moved a field apart: who won. Values are personal data; they are shown to operators and never logged.';
comment on column conflicts.event is 'Inbox id of the event, or the change, that met the conflict: met twice it is listed once.';

create table inbound_events (
  id          text primary key,
  job         text not null,
  letter      text not null,
  lead_id     text not null,
  outcome     text not null check (outcome in ('applied', 'unchanged', 'echo', 'ignored', 'removed', 'refused')),
  code        text,
  conflicts   integer not null default 0,
  received_at timestamptz,
  ended_at    timestamptz not null default clock_timestamp()
);
create index inbound_events_by_lead on inbound_events (lead_id, ended_at desc);
create index inbound_events_ended on inbound_events (ended_at);
comment on table inbound_events is 'What became of each event from the CRM. The letter on disk is the truth; this is its history.';
comment on column inbound_events.id is 'The inbox id, as in PONTE_INBOX of the ERP.';
comment on column inbound_events.outcome is 'echo: said what the mirror held already, no call was made; unchanged: the CRM was read and nothing was new; ignored: the lead is in no integrated stage.';

create table cursors (
  name        text primary key,
  value       text not null,
  updated_at  timestamptz not null default clock_timestamp()
);
comment on table cursors is 'How far a list that grows was read.';
