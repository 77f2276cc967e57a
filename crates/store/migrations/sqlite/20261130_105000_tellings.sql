-- What a webhook was told once and is not told again, as a keyed digest.
create table tellings (
    org_id blob not null,
    webhook_id blob not null,
    once_hash blob not null,
    at integer not null,
    primary key (org_id, webhook_id, once_hash),
    foreign key (org_id, webhook_id) references webhooks (org_id, id)
) strict, without rowid;
