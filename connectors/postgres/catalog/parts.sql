-- The tables that hold the rows of the relations $1: themselves, or the leaves of partitioned tables; with what tells one
-- state of each from another. Counters of changes reach the statistics after their commit, so reading them before a
-- snapshot never hides a change that the snapshot lacks. A standby counts no change that it replays, so there nothing
-- tells. Sizes wait for locks: with $2 they are not asked of a table that is locked, or about to be, and it says so.
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
    WHERE $2 AND l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
), wanted AS MATERIALIZED (
    SELECT p.oid, p.relkind
    FROM unnest($1::int8[]) AS w(oid)
    JOIN pg_catalog.pg_class p ON p.oid = w.oid::oid
), part AS MATERIALIZED (
    SELECT part.relation, part.oid, part.oid IN (SELECT relation FROM locked) AS locked
    FROM (
        SELECT wanted.oid AS relation, wanted.oid FROM wanted WHERE wanted.relkind <> 'p'
        UNION ALL
        SELECT wanted.oid, tree.relid
        FROM wanted CROSS JOIN LATERAL pg_catalog.pg_partition_tree(wanted.oid::regclass) AS tree
        WHERE wanted.relkind = 'p' AND tree.isleaf AND tree.relid <> wanted.oid
    ) AS part
)
SELECT
    part.relation::int8 AS relation,
    part.locked AS locked,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind = 'r' OR c.relkind = 'm' AS stored,
    coalesce(am.amname = 'heap', false) AS heap,
    CASE WHEN c.relkind IN ('r', 'm') AND NOT part.locked
        THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8 END AS pages,
    CASE WHEN c.relkind IN ('r', 'm') AND NOT part.locked THEN pg_catalog.pg_table_size(c.oid) END AS bytes,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
    CASE WHEN c.relpages > 0 THEN c.relpages::int8 END AS analysed_pages,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    CASE WHEN c.relkind IN ('r', 'm') AND NOT part.locked AND pg_catalog.current_setting('track_counts')::bool
        AND NOT pg_catalog.pg_is_in_recovery() THEN
        pg_catalog.concat_ws(
            ':',
            pg_catalog.pg_relation_filenode(c.oid),
            pg_catalog.pg_relation_size(c.oid),
            pg_catalog.pg_stat_get_tuples_inserted(c.oid),
            pg_catalog.pg_stat_get_tuples_updated(c.oid),
            pg_catalog.pg_stat_get_tuples_deleted(c.oid),
            (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000)::int8
        )
    END AS version,
    CASE WHEN part.locked THEN false ELSE pg_catalog.row_security_active(c.oid) END AS row_security
FROM part
JOIN pg_catalog.pg_class c ON c.oid = part.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind <> 'p'
ORDER BY part.relation, n.nspname, c.relname
