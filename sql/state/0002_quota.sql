-- The shared quota of requests to the CRM: a sliding log per resource.
--
-- Promise: no stretch of `window_ms` holds more than `max_requests` permits. The log is one array in one row, so a look at
-- it is one row lock, held for one statement; a process that dies holds nothing. Times are this server's clock_timestamp(),
-- read after the lock is held: the transaction's now() would be older than the permits of those who waited less.

create table if not exists quota (
  resource      text primary key,
  max_requests  integer not null check (max_requests between 1 and 10000),
  window_ms     double precision not null check (window_ms > 0),
  margin_ms     double precision not null check (margin_ms >= 0),
  taken_at      timestamptz[] not null default '{}',
  blocked_until timestamptz not null default '-infinity',
  urgent_until  timestamptz not null default '-infinity'
) with (fillfactor = 50);

comment on table quota is 'requests that a resource allows in any window, and the permits given in the current one';
comment on column quota.margin_ms is 'added to the window, because requests do not all travel equally fast';
comment on column quota.taken_at is 'times of the permits that still count, oldest first';
comment on column quota.blocked_until is 'the resource answered 429: no permit before this time';
comment on column quota.urgent_until is 'an urgent request waits: bulk requests let it pass until this time';

create or replace function quota_register(p_resource text, p_limit integer, p_window_ms double precision, p_margin_ms double precision)
returns void language sql as $$
  insert into quota (resource, max_requests, window_ms, margin_ms) values (p_resource, p_limit, p_window_ms, p_margin_ms)
  on conflict (resource) do update
    set max_requests = excluded.max_requests, window_ms = excluded.window_ms, margin_ms = excluded.margin_ms
    where (quota.max_requests, quota.window_ms, quota.margin_ms) is distinct from (excluded.max_requests, excluded.window_ms, excluded.margin_ms);
$$;

create or replace function quota_block(p_resource text, p_delay_ms double precision)
returns void language sql as $$
  update quota
     set blocked_until = greatest(blocked_until, clock_timestamp() + least(p_delay_ms, 600000) * interval '1 millisecond')
   where resource = p_resource;
$$;

-- One look. outcome: taken | full | blocked | yield (an urgent request goes first) | unknown (no such resource).
create or replace function quota_take(p_resource text, p_urgent boolean, out outcome text, out wait_ms double precision)
language plpgsql as $$
declare
  v_row  quota%rowtype;
  v_now  timestamptz;
  v_span interval;
  v_log  timestamptz[];
  v_free timestamptz;
begin
  wait_ms := 0;
  select * into v_row from quota where resource = p_resource for update;
  if not found then
    outcome := 'unknown';
    return;
  end if;
  v_now := clock_timestamp();
  v_span := (v_row.window_ms + v_row.margin_ms) * interval '1 millisecond';
  -- A permit from the future means that the clock was set back: it counts as given now, or it would hold everyone up.
  v_log := array(select least(t, v_now) from unnest(v_row.taken_at) t where t > v_now - v_span order by t);

  if v_row.blocked_until > v_now then
    -- No block is longer than ten minutes, so a later end means that the clock was set back.
    if v_row.blocked_until > v_now + interval '10 minutes' then
      v_row.blocked_until := v_now + interval '10 minutes';
      update quota set blocked_until = v_row.blocked_until where resource = p_resource;
    end if;
    outcome := 'blocked';
    wait_ms := extract(epoch from v_row.blocked_until - v_now) * 1000;
    return;
  end if;

  if cardinality(v_log) >= v_row.max_requests then
    outcome := 'full';
    -- The permit that has to fall out of the window; not the oldest when the limit was lowered.
    v_free := v_log[cardinality(v_log) - v_row.max_requests + 1] + v_span;
    wait_ms := extract(epoch from v_free - v_now) * 1000;
    if p_urgent then
      v_row.urgent_until := v_free + interval '100 milliseconds';
    end if;
  elsif not p_urgent and v_row.urgent_until > v_now then
    outcome := 'yield';
    wait_ms := least(extract(epoch from v_row.urgent_until - v_now) * 1000, 100);
  else
    outcome := 'taken';
    v_log := v_log || v_now;
    if p_urgent then
      v_row.urgent_until := '-infinity';
    end if;
  end if;

  -- Waiting changes nothing, so it writes nothing, except when the clock was set back or someone urgent announces itself.
  if outcome = 'taken' or p_urgent or v_row.taken_at[cardinality(v_row.taken_at)] > v_now then
    update quota set taken_at = v_log, urgent_until = v_row.urgent_until where resource = p_resource;
  end if;
end
$$;
