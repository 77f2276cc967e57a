-- Tables that only grow. What was done is never written differently, and never taken out: what is known of a request or DSAR
-- job goes with its key, and these rows then say states and times alone. The program does neither; this keeps whoever
-- has the database from doing so by mistake.
create trigger audit_stays before update on audit begin select raise(abort, 'rows of audit are never changed'); end;
create trigger audit_grows before delete on audit begin select raise(abort, 'rows of audit are never removed'); end;
create trigger audit_entries_stays before update on audit_entries begin select raise(abort, 'rows of audit_entries are never changed'); end;
create trigger audit_entries_grows before delete on audit_entries begin select raise(abort, 'rows of audit_entries are never removed'); end;
create trigger request_events_stays before update on request_events begin select raise(abort, 'rows of request_events are never changed'); end;
create trigger request_events_grows before delete on request_events begin select raise(abort, 'rows of request_events are never removed'); end;
create trigger dsar_events_stays before update on dsar_events begin select raise(abort, 'rows of dsar_events are never changed'); end;
create trigger dsar_events_grows before delete on dsar_events begin select raise(abort, 'rows of dsar_events are never removed'); end;
create trigger dsar_records_stays before update on dsar_records begin select raise(abort, 'rows of dsar_records are never changed'); end;
create trigger dsar_records_grows before delete on dsar_records begin select raise(abort, 'rows of dsar_records are never removed'); end;

-- What sources said of the use of an entity is as they said it: a day before yesterday stays as it is, and how a day began
-- does in any case. Days go when they are old (`KEPT`), or with their entity.
create trigger usage_days_stay before update on usage_days
when new.org_id is not old.org_id or new.entity_id is not old.entity_id or new.day is not old.day
    or new.first_reads is not old.first_reads or new.first_writes is not old.first_writes
    or new.first_structure is not old.first_structure or new.first_at is not old.first_at
    or new.taken_at < old.taken_at or new.taken_at / 86400000000 <> old.day
    or old.day < cast(strftime('%s', 'now') as integer) / 86400 - 1
begin select raise(abort, 'what was said of the use of an entity is never changed'); end;
create trigger usage_days_are_kept before delete on usage_days
when old.day >= cast(strftime('%s', 'now') as integer) / 86400 - 800
    and exists (select 1 from entities where entities.org_id = old.org_id and entities.id = old.entity_id)
begin select raise(abort, 'what was said of the use of an entity is kept'); end;
