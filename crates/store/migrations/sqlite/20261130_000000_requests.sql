-- The log of what was done, as entries of one chain; the rows of `audit` come before it.
create table audit_entries (
    org_id blob not null references organisations (id),
    sequence integer not null,
    id blob not null,
    action text not null,
    request_id blob,
    entry blob not null,
    primary key (org_id, sequence),
    unique (org_id, id)
) strict, without rowid;
create index audit_entries_by_request on audit_entries (org_id, request_id, sequence) where request_id is not null;

-- Legal requests of persons. What is known of one is sealed under a key of its own: that destroyed, it is gone.
create table requests (
    org_id blob not null references organisations (id),
    id blob not null,
    state text not null,
    kind text not null,
    jurisdiction text not null,
    key blob,
    sealed blob not null,
    version integer not null,
    idempotency_hash blob,
    is_held integer not null,
    received_at integer not null,
    due_at integer,
    ended_at integer,
    retain_until integer,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, idempotency_hash)
) strict, without rowid;
create index requests_by_due on requests (org_id, due_at);
create index requests_by_receipt on requests (org_id, received_at);

-- What became of one, step by step.
create table request_events (
    org_id blob not null,
    request_id blob not null,
    number integer not null,
    id blob not null,
    at integer not null,
    kind text not null,
    sealed blob not null,
    primary key (org_id, request_id, number),
    foreign key (org_id, request_id) references requests (org_id, id)
) strict, without rowid;

-- What a person is known by, as keyed digests: which requests are theirs.
create table request_subjects (
    org_id blob not null,
    request_id blob not null,
    hash blob not null,
    primary key (org_id, hash, request_id),
    foreign key (org_id, request_id) references requests (org_id, id)
) strict, without rowid;

-- What was handed in or is to be handed out, sealed under the request's key.
create table request_files (
    org_id blob not null,
    request_id blob not null,
    id blob not null,
    class text not null,
    at integer not null,
    content blob not null,
    primary key (org_id, request_id, id),
    foreign key (org_id, request_id) references requests (org_id, id)
) strict;
