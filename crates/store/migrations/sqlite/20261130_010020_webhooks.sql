-- Who is told when something ends, and what they were told. A delivery is written in the transaction of what it tells of.
create table webhooks (
    org_id blob not null references organisations (id),
    id blob not null,
    name_hash blob not null,
    sealed blob not null,
    secret blob not null,
    is_enabled integer not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
) strict, without rowid;
create table deliveries (
    org_id blob not null,
    id blob not null,
    webhook_id blob not null,
    event text not null,
    sealed blob not null,
    state text not null,
    attempts integer not null,
    next_at integer,
    status_code integer,
    note blob,
    created_at integer not null,
    ended_at integer,
    primary key (org_id, id),
    foreign key (org_id, webhook_id) references webhooks (org_id, id)
) strict, without rowid;
create index deliveries_due on deliveries (org_id, next_at) where next_at is not null;
create index deliveries_of on deliveries (org_id, webhook_id, id);
