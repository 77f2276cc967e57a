-- What people decided about relations between entities: whether rows of the one lead to rows of the other.
create table relation_reviews (
    org_id uuid not null references organisations (id),
    id uuid not null,
    parent_source_id uuid not null,
    child_source_id uuid not null,
    decision text not null,
    sealed bytea not null,
    decided_at bigint not null,
    primary key (org_id, id)
);
