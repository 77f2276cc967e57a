-- Times are microseconds since 1970 UTC; `sealed` columns hold what only the organisation's
-- data key opens. Every root table begins with org_id, also in its key: two organisations may read the same target.

create table organisations (
    id uuid primary key,
    sealed bytea not null,
    generation bigint not null,
    created_at bigint not null
);

-- Keys wrapped under the master key; `master` tells which one.
create table keys (
    org_id uuid not null references organisations (id),
    kind text not null,
    id bigint not null,
    master bytea not null,
    wrapped bytea not null,
    created_at bigint not null,
    primary key (org_id, kind, id)
);

create table sources (
    org_id uuid not null references organisations (id),
    id uuid not null,
    name_hash uuid not null,
    kind text not null,
    sealed bytea not null,
    settings bytea not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
);

-- Columns are entities of kind `column` whose parent is their table.
create table entities (
    org_id uuid not null,
    id uuid not null,
    source_id uuid not null,
    parent_id uuid,
    kind text not null,
    ordinal bigint not null,
    sealed bytea not null,
    description bytea,
    row_count bigint,
    byte_count bigint,
    seen_at bigint not null,
    gone_at bigint,
    primary key (org_id, id),
    foreign key (org_id, source_id) references sources (org_id, id) on delete cascade
);
create index entities_by_source on entities (org_id, source_id, id) where kind <> 'column';
create index entities_by_parent on entities (org_id, parent_id, ordinal);

create table jobs (
    org_id uuid not null references organisations (id),
    id uuid not null,
    kind text not null,
    state text not null,
    spec bytea not null,
    spec_hash uuid not null,
    idempotency_hash uuid,
    priority bigint not null,
    parent_id uuid,
    schedule_id uuid,
    affinity text,
    not_before bigint not null,
    created_at bigint not null,
    queued_at bigint not null,
    started_at bigint,
    heartbeat_at bigint,
    ended_at bigint,
    cancel_requested_at bigint,
    lease_owner uuid,
    lease_until bigint not null,
    fence bigint not null,
    tasks bigint not null,
    tasks_done bigint not null,
    tasks_failed bigint not null,
    row_count bigint not null,
    byte_count bigint not null,
    faults bigint not null,
    failures bigint not null,
    findings bigint not null,
    outcome bytea,
    error bytea,
    primary key (org_id, id),
    unique (org_id, idempotency_hash)
);
create index jobs_active on jobs (priority desc, created_at)
    where state in ('QUEUED', 'RUNNING', 'CANCELLING');
create index jobs_by_parent on jobs (org_id, parent_id) where parent_id is not null;
create index jobs_by_schedule on jobs (org_id, schedule_id, id) where schedule_id is not null;

create table tasks (
    org_id uuid not null,
    id uuid not null,
    job_id uuid not null,
    ordinal bigint not null,
    piece_id uuid not null,
    entity_id uuid,
    sealed bytea not null,
    state text not null,
    attempts bigint not null,
    max_attempts bigint not null,
    available_at bigint not null,
    lease_owner uuid,
    lease_until bigint not null,
    fence bigint not null,
    row_count bigint not null,
    byte_count bigint not null,
    faults bigint not null,
    error bytea,
    started_at bigint,
    ended_at bigint,
    primary key (org_id, id),
    unique (org_id, job_id, piece_id),
    unique (org_id, job_id, ordinal),
    foreign key (org_id, job_id) references jobs (org_id, id) on delete cascade
);
create index tasks_open on tasks (org_id, job_id, ordinal) where state in ('QUEUED', 'RUNNING');

create table failures (
    org_id uuid not null,
    id uuid not null,
    job_id uuid not null,
    task_id uuid,
    entity_id uuid,
    records bigint not null,
    sealed bytea not null,
    at bigint not null,
    primary key (org_id, id),
    foreign key (org_id, job_id) references jobs (org_id, id) on delete cascade
);
create index failures_by_job on failures (org_id, job_id, id);

create table pieces (
    org_id uuid not null,
    entity_id uuid not null,
    piece_id uuid not null,
    job_id uuid not null,
    version bytea,
    row_count bigint not null,
    byte_count bigint not null,
    faults bigint not null,
    written_at bigint not null,
    primary key (org_id, entity_id, piece_id),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
);

create table piece_columns (
    org_id uuid not null,
    entity_id uuid not null,
    piece_id uuid not null,
    column_id uuid not null,
    key_id bigint not null,
    forms bigint not null,
    sketch bytea not null,
    evidence bytea not null,
    primary key (org_id, entity_id, piece_id, column_id),
    foreign key (org_id, entity_id, piece_id) references pieces (org_id, entity_id, piece_id) on delete cascade
);

-- Smallest and largest values, apart from the sketches: dropping those of personal columns must not write anything large.
create table piece_extremes (
    org_id uuid not null,
    entity_id uuid not null,
    piece_id uuid not null,
    column_id uuid not null,
    sealed bytea not null,
    primary key (org_id, entity_id, piece_id, column_id),
    foreign key (org_id, entity_id, piece_id, column_id)
        references piece_columns (org_id, entity_id, piece_id, column_id) on delete cascade
);

-- A column over its whole entity, as of one generation of the catalog.
create table profiles (
    org_id uuid not null,
    column_id uuid not null,
    entity_id uuid not null,
    source_id uuid not null,
    job_id uuid not null,
    generation bigint not null,
    key_id bigint not null,
    forms bigint not null,
    summary bytea not null,
    -- Of an entity that was read in one piece the sketch is there, in piece_columns.
    piece_id uuid,
    sketch bytea,
    evidence bytea not null,
    primary key (org_id, column_id),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
);
create index profiles_by_entity on profiles (org_id, entity_id);
create index profiles_by_generation on profiles (org_id, generation);

create table profile_extremes (
    org_id uuid not null,
    column_id uuid not null,
    entity_id uuid not null,
    sealed bytea not null,
    primary key (org_id, column_id),
    foreign key (org_id, column_id) references profiles (org_id, column_id) on delete cascade
);
create index profile_extremes_by_entity on profile_extremes (org_id, entity_id);

-- Findings of earlier jobs stay, so that two scans can be compared; is_current marks those that hold now.
create table findings (
    org_id uuid not null,
    id uuid not null,
    job_id uuid not null,
    source_id uuid not null,
    entity_id uuid not null,
    column_id uuid not null,
    identifier text not null,
    kind text not null,
    category text not null,
    sensitivity text not null,
    confidence double precision not null,
    row_count bigint not null,
    tested bigint not null,
    matched bigint not null,
    validated bigint not null,
    distinct_count bigint not null,
    indexed double precision not null,
    is_current bigint not null,
    sealed bytea not null,
    primary key (org_id, id),
    unique (org_id, job_id, column_id, identifier, kind),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
);
create index findings_by_job on findings (org_id, job_id, id);
create index findings_by_entity on findings (org_id, entity_id);
create index findings_current on findings (org_id, id) where is_current = 1;

-- Not tied to entities: decisions outlive rescans and may be imported before the first one.
create table reviews (
    org_id uuid not null references organisations (id),
    column_id uuid not null,
    identifier text not null,
    entity_id uuid not null,
    source_id uuid not null,
    decision text not null,
    sealed bytea not null,
    decided_at bigint not null,
    primary key (org_id, column_id, identifier)
);

-- column_id of zeros: everywhere; empty identifier: for all.
create table allowed (
    org_id uuid not null references organisations (id),
    column_id uuid not null,
    identifier text not null,
    hash bigint not null,
    primary key (org_id, column_id, identifier, hash)
);

create table settings (
    org_id uuid not null references organisations (id),
    name text not null,
    sealed bytea not null,
    primary key (org_id, name)
);
