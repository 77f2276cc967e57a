-- What views are made of; empty where the account has no SHOW VIEW.
SELECT
    CONVERT(t.table_schema USING utf8mb4) AS "schema",
    CONVERT(t.table_name USING utf8mb4) AS "table",
    CONVERT(t.view_definition USING utf8mb4) AS "definition"
FROM information_schema.views t
WHERE {WHERE}
