-- What a webhook was told once and is not told again, as a keyed digest.
create table tellings (
    org_id uuid not null,
    webhook_id uuid not null,
    once_hash uuid not null,
    at bigint not null,
    primary key (org_id, webhook_id, once_hash),
    foreign key (org_id, webhook_id) references webhooks (org_id, id)
);
