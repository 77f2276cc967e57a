-- What is decided and done about a DSAR job while it lasts, one row after the other, sealed under its key: decisions of
-- reviewers, links, downloads. What may happen once has a text of which only a keyed digest is kept.
create table dsar_records (
    org_id blob not null,
    dsar_id blob not null,
    number integer not null,
    kind text not null,
    once_hash blob,
    at integer not null,
    sealed blob not null,
    primary key (org_id, dsar_id, number),
    unique (org_id, dsar_id, once_hash),
    foreign key (org_id, dsar_id) references dsar_jobs (org_id, id)
) strict, without rowid;
