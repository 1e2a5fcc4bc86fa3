-- Where a full sync collects what the CRM holds, before the mirror is touched. A crash of the server may empty them.

create table if not exists leads_staging (
  run_id varchar(40) not null,
  id bigint not null,
  state varchar(10) not null comment 'unread: mirrored when the run began, not seen in the CRM so far; left-out: a mandatory field is missing; ready: to be swapped' check (state in ('unread', 'left-out', 'ready')),
  mirrored_as varchar(32) comment 'md5 of the LEADS row when the run began: a row that moved since is newer than the run and stays; null: not mirrored',
  fields text comment 'values by canonical column, as the CRM holds them',
  primary key (run_id, id)
) comment = 'one full sync at a time; rows of other runs are swept by the next one' character set utf8mb4 collate ponte_bin
//

create table if not exists contacts_staging (
  run_id varchar(40) not null,
  id bigint not null,
  lead_id bigint not null comment 'lead of the person',
  state varchar(10) not null comment 'as in leads_staging' check (state in ('left-out', 'ready')),
  fields text comment 'as in leads_staging',
  primary key (run_id, id),
  key contacts_staging_lead (run_id, lead_id)
) comment = 'persons of the leads that are ready' character set utf8mb4 collate ponte_bin
//
