-- What people say of a source or an entity: what it is for, by what right, for how long. `id` is that of either.
create table annotations (
    org_id uuid not null references organisations (id),
    id uuid not null,
    source_id uuid not null,
    sealed bytea not null,
    changed_at bigint not null,
    primary key (org_id, id)
);
