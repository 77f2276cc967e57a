-- Ids are UUIDs in 16 bytes; times are microseconds since 1970 UTC; `sealed` columns hold what only the organisation's
-- data key opens. Every root table begins with org_id, also in its key: two organisations may read the same target.

create table organisations (
    id blob primary key,
    sealed blob not null,
    generation integer not null,
    created_at integer not null
) strict, without rowid;

-- Keys wrapped under the master key; `master` tells which one.
create table keys (
    org_id blob not null references organisations (id),
    kind text not null,
    id integer not null,
    master blob not null,
    wrapped blob not null,
    created_at integer not null,
    primary key (org_id, kind, id)
) strict, without rowid;

create table sources (
    org_id blob not null references organisations (id),
    id blob not null,
    name_hash blob not null,
    kind text not null,
    sealed blob not null,
    settings blob not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (org_id, id),
    unique (org_id, name_hash)
) strict, without rowid;

-- Columns are entities of kind `column` whose parent is their table.
create table entities (
    org_id blob not null,
    id blob not null,
    source_id blob not null,
    parent_id blob,
    kind text not null,
    ordinal integer not null,
    sealed blob not null,
    description blob,
    row_count integer,
    byte_count integer,
    seen_at integer not null,
    gone_at integer,
    primary key (org_id, id),
    foreign key (org_id, source_id) references sources (org_id, id) on delete cascade
) strict;
create index entities_by_source on entities (org_id, source_id, id) where kind <> 'column';
create index entities_by_parent on entities (org_id, parent_id, ordinal);

create table jobs (
    org_id blob not null references organisations (id),
    id blob not null,
    kind text not null,
    state text not null,
    spec blob not null,
    spec_hash blob not null,
    idempotency_hash blob,
    priority integer not null,
    parent_id blob,
    schedule_id blob,
    affinity text,
    not_before integer not null,
    created_at integer not null,
    queued_at integer not null,
    started_at integer,
    heartbeat_at integer,
    ended_at integer,
    cancel_requested_at integer,
    lease_owner blob,
    lease_until integer not null,
    fence integer not null,
    tasks integer not null,
    tasks_done integer not null,
    tasks_failed integer not null,
    row_count integer not null,
    byte_count integer not null,
    faults integer not null,
    failures integer not null,
    findings integer not null,
    outcome blob,
    error blob,
    primary key (org_id, id),
    unique (org_id, idempotency_hash)
) strict;
create index jobs_active on jobs (priority desc, created_at)
    where state in ('QUEUED', 'RUNNING', 'CANCELLING');
create index jobs_by_parent on jobs (org_id, parent_id) where parent_id is not null;
create index jobs_by_schedule on jobs (org_id, schedule_id, id) where schedule_id is not null;

create table tasks (
    org_id blob not null,
    id blob not null,
    job_id blob not null,
    ordinal integer not null,
    piece_id blob not null,
    entity_id blob,
    sealed blob not null,
    state text not null,
    attempts integer not null,
    max_attempts integer not null,
    available_at integer not null,
    lease_owner blob,
    lease_until integer not null,
    fence integer not null,
    row_count integer not null,
    byte_count integer not null,
    faults integer not null,
    error blob,
    started_at integer,
    ended_at integer,
    primary key (org_id, id),
    unique (org_id, job_id, piece_id),
    unique (org_id, job_id, ordinal),
    foreign key (org_id, job_id) references jobs (org_id, id) on delete cascade
) strict;
create index tasks_open on tasks (org_id, job_id, ordinal) where state in ('QUEUED', 'RUNNING');

create table failures (
    org_id blob not null,
    id blob not null,
    job_id blob not null,
    task_id blob,
    entity_id blob,
    records integer not null,
    sealed blob not null,
    at integer not null,
    primary key (org_id, id),
    foreign key (org_id, job_id) references jobs (org_id, id) on delete cascade
) strict;
create index failures_by_job on failures (org_id, job_id, id);

create table pieces (
    org_id blob not null,
    entity_id blob not null,
    piece_id blob not null,
    job_id blob not null,
    version blob,
    row_count integer not null,
    byte_count integer not null,
    faults integer not null,
    written_at integer not null,
    primary key (org_id, entity_id, piece_id),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
) strict;

create table piece_columns (
    org_id blob not null,
    entity_id blob not null,
    piece_id blob not null,
    column_id blob not null,
    key_id integer not null,
    forms integer not null,
    sketch blob not null,
    evidence blob not null,
    primary key (org_id, entity_id, piece_id, column_id),
    foreign key (org_id, entity_id, piece_id) references pieces (org_id, entity_id, piece_id) on delete cascade
) strict;

-- Smallest and largest values, apart from the sketches: dropping those of personal columns must not write anything large.
create table piece_extremes (
    org_id blob not null,
    entity_id blob not null,
    piece_id blob not null,
    column_id blob not null,
    sealed blob not null,
    primary key (org_id, entity_id, piece_id, column_id),
    foreign key (org_id, entity_id, piece_id, column_id)
        references piece_columns (org_id, entity_id, piece_id, column_id) on delete cascade
) strict;

-- A column over its whole entity, as of one generation of the catalog.
create table profiles (
    org_id blob not null,
    column_id blob not null,
    entity_id blob not null,
    source_id blob not null,
    job_id blob not null,
    generation integer not null,
    key_id integer not null,
    forms integer not null,
    summary blob not null,
    -- Of an entity that was read in one piece the sketch is there, in piece_columns.
    piece_id blob,
    sketch blob,
    evidence blob not null,
    primary key (org_id, column_id),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
) strict;
create index profiles_by_entity on profiles (org_id, entity_id);
create index profiles_by_generation on profiles (org_id, generation);

create table profile_extremes (
    org_id blob not null,
    column_id blob not null,
    entity_id blob not null,
    sealed blob not null,
    primary key (org_id, column_id),
    foreign key (org_id, column_id) references profiles (org_id, column_id) on delete cascade
) strict;
create index profile_extremes_by_entity on profile_extremes (org_id, entity_id);

-- Findings of earlier jobs stay, so that two scans can be compared; is_current marks those that hold now.
create table findings (
    org_id blob not null,
    id blob not null,
    job_id blob not null,
    source_id blob not null,
    entity_id blob not null,
    column_id blob not null,
    identifier text not null,
    kind text not null,
    category text not null,
    sensitivity text not null,
    confidence real not null,
    row_count integer not null,
    tested integer not null,
    matched integer not null,
    validated integer not null,
    distinct_count integer not null,
    indexed real not null,
    is_current integer not null,
    sealed blob not null,
    primary key (org_id, id),
    unique (org_id, job_id, column_id, identifier, kind),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
) strict;
create index findings_by_job on findings (org_id, job_id, id);
create index findings_by_entity on findings (org_id, entity_id);
create index findings_current on findings (org_id, id) where is_current = 1;

-- Not tied to entities: decisions outlive rescans and may be imported before the first one.
create table reviews (
    org_id blob not null references organisations (id),
    column_id blob not null,
    identifier text not null,
    entity_id blob not null,
    source_id blob not null,
    decision text not null,
    sealed blob not null,
    decided_at integer not null,
    primary key (org_id, column_id, identifier)
) strict, without rowid;

-- column_id of zeros: everywhere; empty identifier: for all.
create table allowed (
    org_id blob not null references organisations (id),
    column_id blob not null,
    identifier text not null,
    hash integer not null,
    primary key (org_id, column_id, identifier, hash)
) strict, without rowid;

create table settings (
    org_id blob not null references organisations (id),
    name text not null,
    sealed blob not null,
    primary key (org_id, name)
) strict, without rowid;
