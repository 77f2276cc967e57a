-- What people decided about relations between entities: whether rows of the one lead to rows of the other.
create table relation_reviews (
    org_id blob not null references organisations (id),
    id blob not null,
    parent_source_id blob not null,
    child_source_id blob not null,
    decision text not null,
    sealed blob not null,
    decided_at integer not null,
    primary key (org_id, id)
) strict, without rowid;
