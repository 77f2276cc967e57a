-- Rules and word lists of an organisation's own: `kind` is `rule` or `list`. Name and text are sealed together.
create table own_rules (
    org_id uuid not null references organisations (id),
    kind text not null,
    name_hash uuid not null,
    sealed bytea not null,
    changed_at bigint not null,
    primary key (org_id, kind, name_hash)
);
