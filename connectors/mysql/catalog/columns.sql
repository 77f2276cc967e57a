-- Columns in order. The privileges of the account stand beside each, so that what may not be read is known beforehand.
SELECT
    CONVERT(t.table_schema USING utf8mb4) AS "schema",
    CONVERT(t.table_name USING utf8mb4) AS "table",
    CONVERT(t.column_name USING utf8mb4) AS "name",
    CAST(t.ordinal_position AS CHAR) AS "position",
    CONVERT(t.data_type USING utf8mb4) AS "type",
    CONVERT(t.column_type USING utf8mb4) AS "native",
    CONVERT(t.is_nullable USING utf8mb4) AS "nullable",
    CONVERT(t.character_set_name USING utf8mb4) AS "charset",
    CONVERT(t.column_comment USING utf8mb4) AS "comment",
    CONVERT(t.privileges USING utf8mb4) AS "privileges"
FROM information_schema.columns t
WHERE {WHERE}
