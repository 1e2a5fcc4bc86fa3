-- Ponte's own memory: runs, changes per key, the agreed ledger, leases.

create table runs (
  id          text primary key,
  job         text not null,
  started_at  timestamptz not null default clock_timestamp(),
  ended_at    timestamptz,
  status      text not null default 'running' check (status in ('running', 'success', 'skipped', 'failed', 'stopped')),
  counts      jsonb not null default '{}',
  message     text
);
create index runs_by_job on runs (job, started_at desc);
comment on table runs is 'One row per run of a job. A run left "running" by a crash is closed as failed by the next holder of its lease.';
comment on column runs.status is 'stopped: a guard refused to go on; skipped: nothing to do, or the job was already running.';

create table changes (
  id          bigint generated always as identity primary key,
  run_id      text not null,
  entity      text not null,
  key         text not null,
  hash        text not null,
  letter      text not null,
  status      text not null default 'queued' check (status in ('queued', 'delivered', 'failed', 'superseded')),
  sends       integer not null default 1,
  intent_at   timestamptz,
  crm_id      text,
  code        text,
  created_at  timestamptz not null default clock_timestamp(),
  updated_at  timestamptz not null default clock_timestamp(),
  unique (run_id, entity, key)
);
create unique index changes_one_pending_per_key on changes (entity, key) where status = 'queued';
create index changes_newest_per_key on changes (entity, key, id desc);
create index changes_sent_again on changes (entity, key) where status = 'delivered' and sends > 1;
comment on table changes is 'Every change that was ever put on the queue, and how it ended. The letter on disk is the truth; this is its index.';
comment on column changes.letter is 'File that carries the change, as last seen. A stray line (one that names no run) has run_id = letter:line.';
comment on column changes.sends is 'How many times in a row this key was sent with this very hash without converging: the loop detector stops at three.';
comment on column changes.intent_at is 'Set before the first effect. Still set on a queued or failed row = in doubt: look the record up before creating it again.';

create table agreed (
  entity      text not null,
  key         text not null,
  erp         jsonb not null,
  crm         jsonb not null,
  updated_at  timestamptz not null default clock_timestamp(),
  primary key (entity, key)
);
comment on table agreed is 'Per key, the values both sides last held: as the ERP spells them, and as they were sent to the CRM.';

create table leases (
  name        text primary key,
  holder      text not null,
  epoch       bigint not null default 1,
  expires_at  timestamptz not null
);
comment on table leases is 'Single-run locks across processes and machines. The epoch rises with each holder and is checked before each effect.';
