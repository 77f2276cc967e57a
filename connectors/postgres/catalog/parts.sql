-- The tables that hold the rows of relation $1: itself, or the leaves of a partitioned table; with what tells one state
-- of each from another. Counters of changes reach the statistics after their commit, so reading them before a snapshot
-- never hides a change that the snapshot lacks. A standby counts no change that it replays, so there nothing tells.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind = 'r' OR c.relkind = 'm' AS stored,
    coalesce(am.amname = 'heap', false) AS heap,
    CASE WHEN c.relkind IN ('r', 'm')
        THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8 END AS pages,
    CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) END AS bytes,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
    CASE WHEN c.relpages > 0 THEN c.relpages::int8 END AS analysed_pages,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    CASE WHEN c.relkind IN ('r', 'm') AND pg_catalog.current_setting('track_counts')::bool
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
    pg_catalog.row_security_active(c.oid) AS row_security
FROM (
    SELECT $1::int8::oid AS oid WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class p WHERE p.oid = $1::int8::oid AND p.relkind = 'p')
    UNION ALL
    SELECT tree.relid FROM pg_catalog.pg_partition_tree($1::int8::oid::regclass) AS tree WHERE tree.isleaf AND tree.relid <> $1::int8::oid
) AS part
JOIN pg_catalog.pg_class c ON c.oid = part.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind <> 'p'
ORDER BY n.nspname, c.relname
