-- In which order things happened. Two of them within one millisecond have one time, and a clock that is set back gives the later one the
-- earlier time; numbers from one sequence say it. Rows from before have none: they are older than all that have one.

create sequence happenings;

create function happened_again() returns trigger language plpgsql as $$
begin
  new.happened := nextval('happenings');
  return new;
end
$$;

create function moved_on() returns trigger language plpgsql as $$
begin
  new.moved := nextval('happenings');
  return new;
end
$$;

alter table changes add column happened bigint, add column moved bigint;
alter table changes alter column happened set default nextval('happenings');
create trigger changes_moved before update of updated_at on changes for each row execute function moved_on();
comment on column changes.happened is 'When it was queued, as a number.';
comment on column changes.moved is 'The number that belongs to updated_at.';

alter table tasks add column happened bigint, add column moved bigint;
alter table tasks alter column happened set default nextval('happenings');
create trigger tasks_moved before update of updated_at on tasks for each row execute function moved_on();

alter table conflicts add column happened bigint;
alter table conflicts alter column happened set default nextval('happenings');

alter table audit add column happened bigint;
alter table audit alter column happened set default nextval('happenings');

alter table inbound_events add column happened bigint;
alter table inbound_events alter column happened set default nextval('happenings');
create trigger inbound_events_happened before update of ended_at on inbound_events for each row execute function happened_again();

alter table webhook_latest add column happened bigint;
alter table webhook_latest alter column happened set default nextval('happenings');
create trigger webhook_latest_happened before update of received_at on webhook_latest for each row execute function happened_again();

-- Runs are listed by it alone, page by page, so the old ones are numbered too.
alter table runs add column happened bigint;
update runs r set happened = o.n from (select id, row_number() over (order by started_at, id) as n from runs) o where o.id = r.id;
select setval('happenings', greatest(1, (select count(*) from runs)));
alter table runs alter column happened set default nextval('happenings'), alter column happened set not null;
create trigger runs_happened before update of started_at on runs for each row execute function happened_again();
drop index runs_newest, runs_by_job;
create index runs_newest on runs (happened desc);
create index runs_by_job on runs (job, happened desc);
comment on column runs.happened is 'When it began, or was asked for while it waits, as a number.';
