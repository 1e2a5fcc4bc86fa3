-- What those who watch need: figures that only grow, what each machine sees, alerts.

create table job_ends (
  job              text not null,
  status           text not null,
  runs             bigint not null default 0,
  seconds          double precision not null default 0,
  last_run         text not null,
  last_ended_at    timestamptz not null,
  last_seconds     double precision not null,
  last_code        text,
  primary key (job, status)
);
comment on table job_ends is 'Per job and end: how many runs, how long together, and the last of them. Kept by a trigger on runs, so it outlives their retention.';

create table job_counts (
  job    text not null,
  name   text not null,
  value  double precision not null,
  primary key (job, name)
);
comment on table job_counts is 'Per job, the sum of each number that its runs reported. Kept by the same trigger.';

-- One job has one run at a time, so nobody waits for these rows.
create function count_run() returns trigger language plpgsql as $$
declare
  v_seconds double precision := greatest(0, extract(epoch from new.ended_at - new.started_at));
begin
  insert into job_ends as e (job, status, runs, seconds, last_run, last_ended_at, last_seconds, last_code)
  values (new.job, new.status, 1, v_seconds, new.id, new.ended_at, v_seconds, new.code)
  on conflict (job, status) do update
    set runs = e.runs + 1, seconds = e.seconds + excluded.seconds, last_run = excluded.last_run,
        last_ended_at = excluded.last_ended_at, last_seconds = excluded.last_seconds, last_code = excluded.last_code;
  insert into job_counts as c (job, name, value)
  select new.job, key, (value #>> '{}')::double precision from jsonb_each(new.counts)
   where jsonb_typeof(value) = 'number' and value <> '0'::jsonb
   order by key
  on conflict (job, name) do update set value = c.value + excluded.value;
  return null;
end
$$;
create trigger runs_count_end after update of ended_at on runs
  for each row when (old.ended_at is null and new.ended_at is not null) execute function count_run();

create table disks (
  machine     text not null,
  place       text not null,
  free_bytes  double precision not null,
  size_bytes  double precision not null,
  noted_at    timestamptz not null default clock_timestamp(),
  primary key (machine, place)
);
comment on table disks is 'Room on the disks of every machine that runs Ponte, as its processes note it; a row that is not noted any more is forgotten after an hour.';

create table reachability (
  machine   text not null,
  what      text not null check (what in ('crm', 'erp')),
  up        boolean not null,
  since     timestamptz not null default clock_timestamp(),
  noted_at  timestamptz not null default clock_timestamp(),
  primary key (machine, what)
);
comment on table reachability is 'Whether the CRM and the ERP answered each machine when they were last asked. since: for how long it has been so.';

create table alerts (
  code           text not null,
  subject        text not null default '',
  status         text not null default 'pending' check (status in ('pending', 'firing', 'resolved')),
  summary        text not null,
  since          timestamptz not null default clock_timestamp(),
  seen_at        timestamptz not null default clock_timestamp(),
  ended_at       timestamptz,
  notifications  integer not null default 0,
  notified_at    timestamptz,
  attempts       integer not null default 0,
  next_try_at    timestamptz not null default '-infinity',
  primary key (code, subject)
);
comment on table alerts is 'What is wrong now. A row is one episode; it goes when its end has been told.';
comment on column alerts.subject is 'A job, a direction, a machine: what the alert is about. Never personal data.';
comment on column alerts.status is 'pending: seen, but not yet for long enough; firing: told, or about to be; resolved: over, and that is still to be told.';
comment on column alerts.notifications is 'How many messages of this episode were delivered. With code, subject and since it makes a message''s id, so that one sent twice is known for one.';

