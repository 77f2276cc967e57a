-- Foreign keys.
SELECT
    CONVERT(t.table_schema USING utf8mb4) AS "schema",
    CONVERT(t.table_name USING utf8mb4) AS "table",
    CONVERT(t.constraint_name USING utf8mb4) AS "name",
    CAST(t.ordinal_position AS CHAR) AS "position",
    CONVERT(t.column_name USING utf8mb4) AS "column",
    CONVERT(t.referenced_table_schema USING utf8mb4) AS "target_schema",
    CONVERT(t.referenced_table_name USING utf8mb4) AS "target_table",
    CONVERT(t.referenced_column_name USING utf8mb4) AS "target_column"
FROM information_schema.key_column_usage t
WHERE t.referenced_table_name IS NOT NULL AND {WHERE}
