-- Named sets of entities. Of a dataset, what its members have in common was summed up at `summed_at`.
create table collections (
    org_id uuid not null references organisations (id),
    id uuid not null,
    name_hash uuid not null,
    sealed bytea not null,
    statistics bytea,
    summed_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
);
