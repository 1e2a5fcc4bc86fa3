-- What the HTTP API remembers: webhooks already received, and tokens.
--
-- The letter on disk is the truth; these rows only recognise a repeat. Losing them costs a second letter, which does no harm
-- (inbound jobs compare states), so they are committed asynchronously.

create table webhook_ids (
  type         text not null,
  id           text not null,
  letter       text,
  received_at  timestamptz not null default clock_timestamp(),
  primary key (type, id)
) with (fillfactor = 80);
comment on table webhook_ids is 'Events by the id of their sender (webhook-id), per type: one message may go to several paths.';
comment on column webhook_ids.id is 'Ponte''s own, beginning with a blank, when the sender gave none.';
comment on column webhook_ids.letter is 'null: somebody is writing it right now, or died over it; after five seconds it counts as not received.';

create table webhook_latest (
  type         text not null,
  subject      text not null,
  hash         text not null,
  id           text not null,
  received_at  timestamptz not null default clock_timestamp(),
  primary key (type, subject)
) with (fillfactor = 80);
comment on table webhook_latest is 'The latest event per lead and type. Only it can be repeated: of X, Y, X again all three are kept.';
comment on column webhook_latest.hash is 'SHA-256 of the body, hex.';
comment on column webhook_latest.id is 'Its row in webhook_ids, which says whether its letter was written.';

create table api_tokens (
  name        text primary key,
  scope       text not null check (scope in ('webhook', 'read', 'operate')),
  sha256      text not null unique check (sha256 ~ '^[0-9a-f]{64}$'),
  created_at  timestamptz not null default clock_timestamp(),
  revoked_at  timestamptz
);
comment on table api_tokens is 'Tokens made by "ponte token add". The token itself is nowhere: only its hash.';

-- One batch of events, in one statement. Per event, in order: is it new (then it is reserved), a repeat, or in another
-- process's hands right now (busy)? Within a batch, ids and subjects are given once each.
-- The plan must not depend on how small the tables were when it was made: index look-ups, always.
create function webhook_reserve(p_types text[], p_ids text[], p_subjects text[], p_hashes text[])
returns table (verdict text, letter text) language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
begin
  perform set_config('synchronous_commit', 'off', true);
  return query
  with given as (
    select * from unnest(p_types, p_ids, p_subjects, p_hashes) with ordinality as g (type, id, subject, hash, n)
  ), reserved as (
    insert into webhook_ids as w (type, id)
    select g.type, g.id from given g order by 1, 2
    on conflict (type, id) do update set received_at = clock_timestamp()
      where w.letter is null and w.received_at < clock_timestamp() - interval '5 seconds'
    returning w.type, w.id
  ), mine as (
    select g.* from given g join reserved r on r.type = g.type and r.id = g.id
  ), latest as (
    insert into webhook_latest as l (type, subject, hash, id)
    select m.type, m.subject, m.hash, m.id from mine m order by 1, 2
    on conflict (type, subject) do update set hash = excluded.hash, id = excluded.id, received_at = clock_timestamp()
      where l.hash <> excluded.hash or l.received_at < clock_timestamp() - interval '24 hours'
         or not exists (select from webhook_ids w where w.type = l.type and w.id = l.id and w.letter is not null)
    returning l.type, l.subject
  )
  -- For who is not new: the letter of the same id, or else that of the same body.
  select case when l.subject is not null then 'new' when k.letter is not null or m.n is not null then 'repeat' else 'busy' end,
         coalesce(k.letter, b.letter)
  from given g
  left join mine m on m.n = g.n
  left join latest l on l.type = g.type and l.subject = g.subject
  left join webhook_ids k on l.subject is null and k.type = g.type and k.id = g.id
  left join webhook_latest o on l.subject is null and o.type = g.type and o.subject = g.subject
  left join webhook_ids b on b.type = o.type and b.id = o.id
  order by g.n;
end
$$;

-- The letters of a batch are durable: whoever asks for these ids, or these bodies, from now on is told so.
create function webhook_mark(p_types text[], p_ids text[], p_letters text[])
returns void language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update webhook_ids w set letter = g.letter
    from unnest(p_types, p_ids, p_letters) as g (type, id, letter) where w.type = g.type and w.id = g.id;
end
$$;
