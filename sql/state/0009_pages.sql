-- People: who may use the pages, their sessions, and what they did.

create table users (
  name           text primary key check (name ~ '^[a-z0-9][a-z0-9._-]{0,59}$'),
  role           text not null check (role in ('viewer', 'operator')),
  password       text not null check (password like 'scrypt$%'),
  must_change    boolean not null default false,
  created_at     timestamptz not null default clock_timestamp(),
  disabled_at    timestamptz,
  last_login_at  timestamptz
);
comment on table users is 'People who may log in to the pages. There is none at first: "ponte users add" makes them.';
comment on column users.password is 'scrypt$<N>$<r>$<p>$<salt>$<hash>, base64: what it was made with travels with it.';
comment on column users.must_change is 'The password was made by Ponte and shown on a terminal: only changing it is allowed.';

create table sessions (
  sha256      text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  user_name   text not null references users (name) on delete cascade,
  created_at  timestamptz not null default clock_timestamp(),
  seen_at     timestamptz not null default clock_timestamp()
);
create index sessions_by_user on sessions (user_name);
comment on table sessions is 'One row per login. The cookie itself is nowhere: only its hash.';
comment on column sessions.seen_at is 'When its person last did something. Pages that refresh by themselves do not count.';

create table login_attempts (
  subject  text not null,
  at       timestamptz not null default clock_timestamp()
);
create index login_attempts_by_subject on login_attempts (subject, at);
create index login_attempts_at on login_attempts (at);
comment on table login_attempts is 'Attempts that did not end in a session, for a quarter of an hour: who guesses is made to wait, whichever process is asked.';

create table audit (
  id        bigint generated always as identity primary key,
  at        timestamptz not null default clock_timestamp(),
  actor     text not null,
  action    text not null,
  target    text not null,
  before    jsonb,
  after     jsonb,
  reason    text,
  outcome   text
);
create index audit_by_actor on audit (actor, id desc);
create index audit_by_target on audit (target, id desc);
comment on table audit is 'What operators did. Written before the effect; null outcome: under way, or cut short by a crash.';
comment on column audit.actor is 'user:<name>, token:<name>, or cli:<login of the machine>.';
comment on column audit.before is 'Values as they were. May be personal data: shown to operators, never logged.';

-- The last day at a glance, without reading every change there ever was.
create index changes_ended on changes (updated_at) where status in ('delivered', 'failed');

-- Nobody rewrites history: an entry gets its outcome once. Erasing a person's data (and nothing else) says so first.
create function audit_is_final() returns trigger language plpgsql as $$
begin
  if current_setting('ponte.erase', true) = 'on' then
    return case tg_op when 'DELETE' then old else new end;
  end if;
  if tg_op = 'UPDATE' and old.outcome is null and new.outcome is not null
     and (old.id, old.at, old.actor, old.action, old.target) = (new.id, new.at, new.actor, new.action, new.target)
     and old.before is not distinct from new.before and old.reason is not distinct from new.reason then
    return new;
  end if;
  raise exception 'the audit log is not rewritten';
end
$$;
create trigger audit_is_final before update or delete on audit for each row execute function audit_is_final();
