-- The collecting and packaging of one subject's data. What is known of it is sealed under a key of its own, so that
-- destroying that key destroys all of it, wherever copies are.
create table dsar_jobs (
    org_id uuid not null references organisations (id),
    id uuid not null,
    state text not null,
    key bytea,
    sealed bytea not null,
    job_id uuid,
    idempotency_hash uuid,
    expires_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, idempotency_hash)
);
create index dsar_jobs_by_state on dsar_jobs (org_id, state, id);
create index dsar_jobs_by_expiry on dsar_jobs (org_id, expires_at) where expires_at is not null and key is not null;

-- What became of one, step by step.
create table dsar_events (
    org_id uuid not null,
    dsar_id uuid not null,
    number bigint not null,
    at bigint not null,
    state text not null,
    sealed bytea not null,
    primary key (org_id, dsar_id, number),
    foreign key (org_id, dsar_id) references dsar_jobs (org_id, id)
);
