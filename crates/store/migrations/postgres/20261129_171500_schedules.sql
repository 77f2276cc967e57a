-- What is asked for again and again. Whoever sees that one is due moves next_at on, and only one of several can.
create table schedules (
    org_id uuid not null references organisations (id),
    id uuid not null,
    name_hash uuid not null,
    sealed bytea not null,
    is_enabled bigint not null,
    next_at bigint,
    last_at bigint,
    last_job_id uuid,
    note bytea,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
);
create index schedules_due on schedules (org_id, next_at) where is_enabled = 1 and next_at is not null;
