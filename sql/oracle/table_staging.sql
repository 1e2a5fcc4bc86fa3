-- Where a full sync collects what the CRM holds, before the mirror is touched.

create table leads_staging (
  run_id varchar2(40 char) not null,
  id number(19) not null,
  state varchar2(10 char) not null check (state in ('unread', 'left-out', 'ready')),
  mirrored_as varchar2(32 char),
  fields clob,
  primary key (run_id, id)
);
comment on table leads_staging is 'one full sync at a time; rows of other runs are swept by the next one';
comment on column leads_staging.state is 'unread: mirrored when the run began, not seen in the CRM so far; left-out: a mandatory field is missing; ready: to be swapped';
comment on column leads_staging.mirrored_as is 'lead_fingerprints.fingerprint when the run began: a row that moved since is newer than the run and stays; null: not mirrored';
comment on column leads_staging.fields is 'values by canonical column, as the CRM holds them: a JSON object';

create table contacts_staging (
  run_id varchar2(40 char) not null,
  id number(19) not null,
  lead_id number(19) not null,
  state varchar2(10 char) not null check (state in ('left-out', 'ready')),
  fields clob,
  primary key (run_id, id)
);
comment on table contacts_staging is 'persons of the leads that are ready';
comment on column contacts_staging.lead_id is 'lead of the person';
comment on column contacts_staging.state is 'as in leads_staging';
comment on column contacts_staging.fields is 'as in leads_staging';
create index contacts_staging_lead on contacts_staging (run_id, lead_id);
