-- The types in $1 with all that they are made of: bases of domains, elements of arrays.
WITH RECURSIVE used AS (
    SELECT t.oid, t.typbasetype, t.typelem FROM pg_catalog.pg_type t WHERE t.oid = ANY ($1::int8[]::oid[])
    UNION
    SELECT t.oid, t.typbasetype, t.typelem
    FROM used u
    JOIN pg_catalog.pg_type t ON t.oid IN (u.typbasetype, u.typelem)
)
SELECT
    t.oid::int8 AS oid,
    t.typname::text AS name,
    t.typtype::text AS kind,
    t.typcategory::text AS category,
    t.typbasetype::int8 AS base,
    t.typelem::int8 AS element,
    n.nspname = 'pg_catalog' AS builtin
FROM used u
JOIN pg_catalog.pg_type t ON t.oid = u.oid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
