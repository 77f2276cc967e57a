-- Everything that has rows and is no system table; $1 and $2 narrow to one schema and name, $3 to some oids, null for all.
-- A partitioned table counts as one: its partitions are left out and their sizes added up.
-- Sizes and view definitions wait for locks. A table that is locked, or about to be, must not stop the listing of all
-- others, so its size is left out, and with it every definition, since those may refer to it.
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
)
SELECT
    c.oid::int8 AS oid,
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relkind::text AS kind,
    CASE WHEN c.relkind = 'p' THEN leaves.rows WHEN c.reltuples >= 0 THEN c.reltuples::int8 END AS rows,
    CASE WHEN c.relkind = 'p' THEN leaves.bytes WHEN c.relkind IN ('r', 'm') AND c.oid NOT IN (SELECT relation FROM locked) THEN pg_catalog.pg_table_size(c.oid) END AS bytes,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
    CASE WHEN c.relkind IN ('v', 'm') AND NOT EXISTS (SELECT 1 FROM locked) THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT
        sum(greatest(leaf.reltuples, 0))::int8 AS rows,
        sum(pg_catalog.pg_table_size(leaf.oid))::int8 AS bytes
    FROM pg_catalog.pg_partition_tree(c.oid) AS tree
    JOIN pg_catalog.pg_class leaf ON leaf.oid = tree.relid
    WHERE tree.isleaf AND leaf.relkind = 'r' AND leaf.oid NOT IN (SELECT relation FROM locked)
) AS leaves ON c.relkind = 'p'
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname !~ '^pg_(toast_)?temp_'
  AND ($1::text IS NULL OR n.nspname = $1::text)
  AND ($2::text IS NULL OR c.relname = $2::text)
  AND ($3::int8[] IS NULL OR c.oid = ANY ($3::int8[]::oid[]))
ORDER BY n.nspname, c.relname
