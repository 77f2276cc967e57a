-- A server: jobs that any worker can run from what is stored of them, keys of its interface, and who did what.

-- How a job is to be run, beyond what tells it from others; sealed.
alter table jobs add column details bytea;
-- What runs now of one specification, so that the same is not done twice at the same time.
create index jobs_by_spec on jobs (org_id, spec_hash) where state in ('RUNNING', 'CANCELLING');

-- A key by which other systems name a source. It never changes once it is set.
alter table sources add column key_hash uuid;
create unique index sources_by_key on sources (org_id, key_hash) where key_hash is not null;

-- Of a key of the interface only a hash is kept; it is random and long, so a plain one tells nothing.
create table api_keys (
    org_id uuid not null references organisations (id),
    id uuid not null,
    token_hash bytea not null,
    role text not null,
    sealed bytea not null,
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint,
    primary key (org_id, id),
    unique (token_hash)
);

-- Each row's hash is over its own sealed content and the hash before it.
create table audit (
    org_id uuid not null references organisations (id),
    id uuid not null,
    at bigint not null,
    action text not null,
    sealed bytea not null,
    hash bytea not null,
    primary key (org_id, id)
);
