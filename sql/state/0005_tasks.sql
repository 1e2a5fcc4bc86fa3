-- Work in several steps that a request started and that goes on after it.

create table tasks (
  id          text primary key,
  kind        text not null,
  lead_id     bigint not null,
  steps       jsonb not null,
  done        integer not null default 0,
  begun       boolean not null default false,
  status      text not null default 'waiting' check (status in ('waiting', 'running', 'done', 'failed')),
  code        text,
  message     text,
  created_at  timestamptz not null default clock_timestamp(),
  updated_at  timestamptz not null default clock_timestamp()
);
create unique index tasks_one_open_per_lead on tasks (kind, lead_id) where status in ('waiting', 'running');
comment on table tasks is 'One row per task. Whoever holds its lease works on it; what a crash left open is taken up by the next.';
comment on column tasks.steps is 'What each step sends, as it was when the task was made: later settings do not change a task.';
comment on column tasks.done is 'Steps whose effect is certain.';
comment on column tasks.begun is 'Set before the next step''s effect. Still set without a worker = the effect may have happened.';
