-- Runs as an operator asks for them and sees them, schedules, pauses.

alter table runs drop constraint runs_status_check;
alter table runs add constraint runs_status_check check (status in ('queued', 'running', 'success', 'skipped', 'failed', 'stopped'));
alter table runs
  add column trigger       text not null default 'manual' check (trigger in ('schedule', 'manual', 'webhook', 'job')),
  add column parameters    jsonb not null default '{}',
  add column requested_at  timestamptz,
  add column requested_by  text,
  add column parent        text,
  add column attempt       integer not null default 1,
  add column worker        text,
  add column code          text,
  add column retry_at      timestamptz;
update runs set requested_at = started_at;
alter table runs alter column requested_at set default clock_timestamp(), alter column requested_at set not null;
create index runs_newest on runs (started_at desc, id desc);
create index runs_by_parent on runs (parent) where parent is not null;
create unique index runs_one_queued_per_job on runs (job) where status = 'queued' and trigger <> 'manual';
comment on column runs.status is 'queued: wanted, and no worker has begun; stopped: a guard refused to go on; skipped: nothing to do.';
comment on column runs.trigger is 'Why it ran: its schedule, a person, a webhook, another job''s work.';
comment on column runs.parameters is 'dryRun, acceptGuard: what a person asked for.';
comment on column runs.parent is 'The run that made work for this one, or whose retry it is.';
comment on column runs.attempt is 'From 1; a retry of a failed run is a run of its own.';
comment on column runs.worker is 'host:pid';
comment on column runs.code is 'PonteError code of what ended it, for machines; message is for people.';
comment on column runs.retry_at is 'When a failed run is tried again.';

create table schedules (
  job    text primary key,
  cron   text not null,
  zone   text not null,
  since  timestamptz not null default clock_timestamp()
);
comment on table schedules is 'What the workers last put up. A tick between "since" and now that no run answers was missed: it is caught up, once.';

create table paused_jobs (
  job        text primary key,
  paused_at  timestamptz not null default clock_timestamp(),
  paused_by  text not null
);
comment on table paused_jobs is 'Jobs that run for a person only, until they are resumed; "*" is all of them. Here and not in Redis, which may be wiped.';
