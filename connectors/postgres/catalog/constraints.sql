-- Primary, unique and foreign keys, their columns in key order.
SELECT
    con.conrelid::int8 AS relation,
    con.contype::text AS kind,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(con.conkey) WITH ORDINALITY AS key(attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = key.attnum
        ORDER BY key.place
    ) AS columns,
    target_schema.nspname::text AS target_schema,
    target.relname::text AS target_name,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(con.confkey) WITH ORDINALITY AS key(attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = key.attnum
        ORDER BY key.place
    ) AS target_columns
FROM pg_catalog.pg_constraint con
JOIN pg_catalog.pg_class c ON c.oid = con.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class target ON target.oid = con.confrelid
LEFT JOIN pg_catalog.pg_namespace target_schema ON target_schema.oid = target.relnamespace
WHERE con.contype IN ('p', 'u', 'f')
  AND NOT c.relispartition
  -- A key to a partitioned table has one more row per partition; the one to the whole is enough.
  AND (con.conparentid = 0 OR con.contype <> 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND ($1::text IS NULL OR n.nspname = $1::text)
  AND ($2::text IS NULL OR c.relname = $2::text)
  AND ($3::int8[] IS NULL OR c.oid = ANY ($3::int8[]::oid[]))
ORDER BY con.conrelid, con.contype, con.conname
