-- Everything that has rows; {WHERE} narrows to databases or one name. What is cast is text in any version.
SELECT
    CONVERT(t.table_schema USING utf8mb4) AS "schema",
    CONVERT(t.table_name USING utf8mb4) AS "name",
    CONVERT(t.table_type USING utf8mb4) AS "type",
    CAST(t.table_rows AS CHAR) AS "rows",
    CAST(t.data_length AS CHAR) AS "bytes",
    CONVERT(t.table_comment USING utf8mb4) AS "comment",
    CONVERT(t.create_options USING utf8mb4) AS "options"
FROM information_schema.tables t
WHERE t.table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') AND {WHERE}
