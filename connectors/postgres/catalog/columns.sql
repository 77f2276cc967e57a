-- The columns of those relations, in order, with what this account may read.
SELECT
    a.attrelid::int8 AS relation,
    a.attname::text AS name,
    a.atttypid::int8 AS type,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name,
    NOT a.attnotnull AS nullable,
    pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable,
    pg_catalog.col_description(a.attrelid, a.attnum) AS comment,
    -- Under such a collation other texts are equal, too, and patterns are refused. Old servers have none. In other encodings than
    -- ours letters of a question are missing, or are several of the server's.
    coalesce(pg_catalog.to_jsonb(co) ->> 'collisdeterministic' = 'false', false)
        OR (t.typcategory IN ('S', 'E', 'A') AND pg_catalog.current_setting('server_encoding') <> 'UTF8') AS loose
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname !~ '^pg_(toast_)?temp_'
  AND ($1::text IS NULL OR n.nspname = $1::text)
  AND ($2::text IS NULL OR c.relname = $2::text)
  AND ($3::int8[] IS NULL OR c.oid = ANY ($3::int8[]::oid[]))
ORDER BY a.attrelid, a.attnum
