-- Tables that only grow. What was done is never written differently, and never taken out: what is known of a request or DSAR
-- job goes with its key, and these rows then say states and times alone. The program does neither; this keeps whoever
-- has the database from doing so by mistake.
-- Only a restore empties them, and says so (`locard.clearing`).
create function locard_only_grows() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('locard.clearing', true), '') = 'on' then
        if tg_level = 'STATEMENT' then
            return null;
        end if;
        return old;
    end if;
    raise exception 'rows of % are never changed or removed', tg_table_name;
end
$$;
create trigger audit_stays before update or delete on audit for each row execute function locard_only_grows();
create trigger audit_grows before truncate on audit for each statement execute function locard_only_grows();
create trigger audit_entries_stays before update or delete on audit_entries for each row execute function locard_only_grows();
create trigger audit_entries_grows before truncate on audit_entries for each statement execute function locard_only_grows();
create trigger request_events_stays before update or delete on request_events for each row execute function locard_only_grows();
create trigger request_events_grows before truncate on request_events for each statement execute function locard_only_grows();
create trigger dsar_events_stays before update or delete on dsar_events for each row execute function locard_only_grows();
create trigger dsar_events_grows before truncate on dsar_events for each statement execute function locard_only_grows();
create trigger dsar_records_stays before update or delete on dsar_records for each row execute function locard_only_grows();
create trigger dsar_records_grows before truncate on dsar_records for each statement execute function locard_only_grows();

-- What sources said of the use of an entity is as they said it: a day before yesterday stays as it is, and how a day began
-- does in any case. Days go when they are old (`KEPT`), or with their entity.
create function locard_usage_stays() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('locard.clearing', true), '') = 'on' then
        return old;
    end if;
    if tg_op = 'DELETE' then
        if old.day < floor(extract(epoch from clock_timestamp()) / 86400) - 800
            or not exists (select 1 from entities where entities.org_id = old.org_id and entities.id = old.entity_id) then
            return old;
        end if;
        raise exception 'what was said of the use of an entity is kept';
    end if;
    if (new.org_id, new.entity_id, new.day, new.first_reads, new.first_writes, new.first_structure, new.first_at)
        is distinct from
        (old.org_id, old.entity_id, old.day, old.first_reads, old.first_writes, old.first_structure, old.first_at)
        or new.taken_at < old.taken_at or new.taken_at / 86400000000 <> old.day
        or old.day < floor(extract(epoch from clock_timestamp()) / 86400) - 1 then
        raise exception 'what was said of the use of an entity is never changed';
    end if;
    return new;
end
$$;
create trigger usage_days_stay before update or delete on usage_days for each row execute function locard_usage_stays();
