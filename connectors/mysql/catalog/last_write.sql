-- When a table was last written, as far as the server remembers since its start.
SELECT CAST(UNIX_TIMESTAMP(t.update_time) AS CHAR) AS "last_write"
FROM information_schema.tables t
WHERE {WHERE}
