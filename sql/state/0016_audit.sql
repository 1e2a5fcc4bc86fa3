-- The audit log only grows, for Ponte's own role too: no row leaves it, none is rewritten. An entry gets its outcome once; erasing a person
-- blanks what an entry says of them, and leaves who did what and when. An owner of the database can still drop the table; nothing keeps an
-- owner from that.
create or replace function audit_is_final() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if (old.id, old.at, old.actor, old.action, old.happened) is distinct from (new.id, new.at, new.actor, new.action, new.happened) then
      raise exception 'the audit log is not rewritten';
    end if;
    if old.outcome is null and new.outcome is not null and old.target = new.target
       and old.before is not distinct from new.before and old.reason is not distinct from new.reason then
      return new;
    end if;
    if current_setting('ponte.erase', true) = 'on' and new.outcome is not distinct from old.outcome
       and new.target in (old.target, 'erased') and coalesce(new.before = old.before, new.before is null)
       and coalesce(new.after = old.after, new.after is null) and coalesce(new.reason = old.reason, new.reason is null) then
      return new;
    end if;
  end if;
  raise exception 'the audit log is not rewritten';
end
$$;
create trigger audit_is_not_emptied before truncate on audit for each statement execute function audit_is_final();
revoke delete, truncate on audit from current_user;

comment on table audit is 'What people did, by pages, HTTP and command line. Written before the effect; null outcome: under way, or cut short by a crash. Only grows.';
