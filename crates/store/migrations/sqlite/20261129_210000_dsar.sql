-- The collecting and packaging of one subject's data. What is known of it is sealed under a key of its own, so that
-- destroying that key destroys all of it, wherever copies are.
create table dsar_jobs (
    org_id blob not null references organisations (id),
    id blob not null,
    state text not null,
    key blob,
    sealed blob not null,
    job_id blob,
    idempotency_hash blob,
    expires_at integer,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, idempotency_hash)
) strict, without rowid;
create index dsar_jobs_by_state on dsar_jobs (org_id, state, id);
create index dsar_jobs_by_expiry on dsar_jobs (org_id, expires_at) where expires_at is not null and key is not null;

-- What became of one, step by step.
create table dsar_events (
    org_id blob not null,
    dsar_id blob not null,
    number integer not null,
    at integer not null,
    state text not null,
    sealed blob not null,
    primary key (org_id, dsar_id, number),
    foreign key (org_id, dsar_id) references dsar_jobs (org_id, id)
) strict, without rowid;
