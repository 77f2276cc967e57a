-- What sources said of the use of an entity, once a day: as it was first asked that day, and last. Counters only grow, so
-- what happened lies between two of them.
create table usage_days (
    org_id blob not null,
    entity_id blob not null,
    day integer not null,
    first_reads integer,
    first_writes integer,
    first_structure blob,
    first_at integer not null,
    reads integer,
    writes integer,
    structure blob,
    last_read_at integer,
    last_write_at integer,
    since_at integer,
    taken_at integer not null,
    primary key (org_id, entity_id, day),
    foreign key (org_id, entity_id) references entities (org_id, id) on delete cascade
) strict, without rowid;
