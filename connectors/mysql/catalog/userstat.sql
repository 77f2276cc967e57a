-- The same where MariaDB counts it with `userstat`.
SELECT
    CAST(t.rows_read AS CHAR) AS "reads",
    CAST(t.rows_changed AS CHAR) AS "writes",
    (SELECT CAST(UNIX_TIMESTAMP() - CAST(s.variable_value AS SIGNED) AS CHAR)
     FROM information_schema.global_status s WHERE s.variable_name = 'UPTIME') AS "since"
FROM information_schema.table_statistics t
WHERE {WHERE}
