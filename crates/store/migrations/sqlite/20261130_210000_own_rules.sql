-- Rules and word lists of an organisation's own: `kind` is `rule` or `list`. Name and text are sealed together.
create table own_rules (
    org_id blob not null references organisations (id),
    kind text not null,
    name_hash blob not null,
    sealed blob not null,
    changed_at integer not null,
    primary key (org_id, kind, name_hash)
) strict, without rowid;
