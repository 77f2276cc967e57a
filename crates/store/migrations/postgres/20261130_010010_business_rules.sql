-- What is asked of data, as SQL that counts, and what it counted: of each job once.
create table business_rules (
    org_id uuid not null references organisations (id),
    id uuid not null,
    name_hash uuid not null,
    sealed bytea not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
);
create table business_results (
    org_id uuid not null,
    rule_id uuid not null,
    job_id uuid not null,
    status text not null,
    total_count bigint not null,
    scope_count bigint not null,
    non_compliant bigint not null,
    unread bigint not null,
    sealed bytea not null,
    at bigint not null,
    primary key (org_id, rule_id, job_id),
    foreign key (org_id, rule_id) references business_rules (org_id, id)
);
