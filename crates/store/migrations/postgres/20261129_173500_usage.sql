-- What sources said of the use of an entity, once a day: as it was first asked that day, and last. Counters only grow, so
-- what happened lies between two of them.
create table usage_days (
    org_id uuid not null,
    entity_id uuid not null,
    day bigint not null,
    first_reads bigint,
    first_writes bigint,
    first_structure uuid,
    first_at bigint not null,
    reads bigint,
    writes bigint,
    structure uuid,
    last_read_at bigint,
    last_write_at bigint,
    since_at bigint,
    taken_at bigint not null,
    primary key (org_id, entity_id, day),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
);
