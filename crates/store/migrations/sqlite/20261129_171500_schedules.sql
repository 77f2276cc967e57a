-- What is asked for again and again. Whoever sees that one is due moves next_at on, and only one of several can.
create table schedules (
    org_id blob not null references organisations (id),
    id blob not null,
    name_hash blob not null,
    sealed blob not null,
    is_enabled integer not null,
    next_at integer,
    last_at integer,
    last_job_id blob,
    note blob,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
) strict, without rowid;
create index schedules_due on schedules (org_id, next_at) where is_enabled = 1 and next_at is not null;
