-- Backups: what a restore leaves behind for those who work after it.

create table restores (
  id           bigint generated always as identity primary key,
  backup       text not null,
  backup_at    timestamptz not null,
  restored_at  timestamptz not null default clock_timestamp(),
  finished_at  timestamptz
);
comment on table restores is 'One row per restore. What was sent between backup_at and restored_at is not known: every first send of a key after it is in doubt.';
comment on column restores.finished_at is 'null: queue and snapshots are not in their places yet, so nobody may work.';

-- When the doubt began for a key whose newest change is from p_seen (null: it has none); null: there is no doubt. What a restore forgot is
-- found out by the first compares after it; a month is far more than they need.
create function doubt_since(p_seen timestamptz) returns timestamptz language sql stable as $$
  select max(restored_at) from restores where restored_at > coalesce(p_seen, '-infinity') and restored_at > clock_timestamp() - interval '30 days'
$$;
