-- What people say of a source or an entity: what it is for, by what right, for how long. `id` is that of either.
create table annotations (
    org_id blob not null references organisations (id),
    id blob not null,
    source_id blob not null,
    sealed blob not null,
    changed_at integer not null,
    primary key (org_id, id)
) strict, without rowid;
