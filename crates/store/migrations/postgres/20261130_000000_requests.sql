-- The log of what was done, as entries of one chain; the rows of `audit` come before it.
create table audit_entries (
    org_id uuid not null references organisations (id),
    sequence bigint not null,
    id uuid not null,
    action text not null,
    request_id uuid,
    entry bytea not null,
    primary key (org_id, sequence),
    unique (org_id, id)
);
create index audit_entries_by_request on audit_entries (org_id, request_id, sequence) where request_id is not null;

-- Legal requests of persons. What is known of one is sealed under a key of its own: that destroyed, it is gone.
create table requests (
    org_id uuid not null references organisations (id),
    id uuid not null,
    state text not null,
    kind text not null,
    jurisdiction text not null,
    key bytea,
    sealed bytea not null,
    version bigint not null,
    idempotency_hash uuid,
    is_held bigint not null,
    received_at bigint not null,
    due_at bigint,
    ended_at bigint,
    retain_until bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, idempotency_hash)
);
create index requests_by_due on requests (org_id, due_at);
create index requests_by_receipt on requests (org_id, received_at);

-- What became of one, step by step.
create table request_events (
    org_id uuid not null,
    request_id uuid not null,
    number bigint not null,
    id uuid not null,
    at bigint not null,
    kind text not null,
    sealed bytea not null,
    primary key (org_id, request_id, number),
    foreign key (org_id, request_id) references requests (org_id, id)
);

-- What a person is known by, as keyed digests: which requests are theirs.
create table request_subjects (
    org_id uuid not null,
    request_id uuid not null,
    hash uuid not null,
    primary key (org_id, hash, request_id),
    foreign key (org_id, request_id) references requests (org_id, id)
);

-- What was handed in or is to be handed out, sealed under the request's key.
create table request_files (
    org_id uuid not null,
    request_id uuid not null,
    id uuid not null,
    class text not null,
    at bigint not null,
    content bytea not null,
    primary key (org_id, request_id, id),
    foreign key (org_id, request_id) references requests (org_id, id)
);
