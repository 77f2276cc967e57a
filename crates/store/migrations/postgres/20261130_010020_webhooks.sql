-- Who is told when something ends, and what they were told. A delivery is written in the transaction of what it tells of.
create table webhooks (
    org_id uuid not null references organisations (id),
    id uuid not null,
    name_hash uuid not null,
    sealed bytea not null,
    secret bytea not null,
    is_enabled bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
);
create table deliveries (
    org_id uuid not null,
    id uuid not null,
    webhook_id uuid not null,
    event text not null,
    sealed bytea not null,
    state text not null,
    attempts bigint not null,
    next_at bigint,
    status_code bigint,
    note bytea,
    created_at bigint not null,
    ended_at bigint,
    primary key (org_id, id),
    foreign key (org_id, webhook_id) references webhooks (org_id, id)
);
create index deliveries_due on deliveries (org_id, next_at) where next_at is not null;
create index deliveries_of on deliveries (org_id, webhook_id, id);
