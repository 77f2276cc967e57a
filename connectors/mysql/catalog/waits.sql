-- Rows read and written since the server started, where it keeps count and lets the account see it.
SELECT
    CAST(t.count_read AS CHAR) AS "reads",
    CAST(t.count_write AS CHAR) AS "writes",
    (SELECT CAST(UNIX_TIMESTAMP() - CAST(s.variable_value AS SIGNED) AS CHAR)
     FROM performance_schema.global_status s WHERE s.variable_name = 'Uptime') AS "since"
FROM (
    SELECT w.object_schema AS table_schema, w.object_name AS table_name, w.count_read, w.count_write
    FROM performance_schema.table_io_waits_summary_by_table w
    WHERE w.object_type = 'TABLE'
) t
WHERE {WHERE}
