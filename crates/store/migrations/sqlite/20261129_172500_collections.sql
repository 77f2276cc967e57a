-- Named sets of entities. Of a dataset, what its members have in common was summed up at `summed_at`.
create table collections (
    org_id blob not null references organisations (id),
    id blob not null,
    name_hash blob not null,
    sealed blob not null,
    statistics blob,
    summed_at integer,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
) strict, without rowid;
