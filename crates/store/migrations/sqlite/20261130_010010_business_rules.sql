-- What is asked of data, as SQL that counts, and what it counted: of each job once.
create table business_rules (
    org_id blob not null references organisations (id),
    id blob not null,
    name_hash blob not null,
    sealed blob not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
) strict, without rowid;
create table business_results (
    org_id blob not null,
    rule_id blob not null,
    job_id blob not null,
    status text not null,
    total_count integer not null,
    scope_count integer not null,
    non_compliant integer not null,
    unread integer not null,
    sealed blob not null,
    at integer not null,
    primary key (org_id, rule_id, job_id),
    foreign key (org_id, rule_id) references business_rules (org_id, id)
) strict, without rowid;
