-- Unique keys, the primary one among them. A part of a functional key has no column.
SELECT
    CONVERT(t.table_schema USING utf8mb4) AS "schema",
    CONVERT(t.table_name USING utf8mb4) AS "table",
    CONVERT(t.index_name USING utf8mb4) AS "name",
    CAST(t.seq_in_index AS CHAR) AS "position",
    CONVERT(t.column_name USING utf8mb4) AS "column"
FROM information_schema.statistics t
WHERE t.non_unique = 0 AND {WHERE}
