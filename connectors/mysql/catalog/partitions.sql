-- The partitions that hold rows; of those that are divided again, the parts.
SELECT
    CONVERT(COALESCE(t.subpartition_name, t.partition_name) USING utf8mb4) AS "name",
    CAST(t.table_rows AS CHAR) AS "rows",
    CAST(t.data_length AS CHAR) AS "bytes"
FROM information_schema.partitions t
WHERE t.partition_name IS NOT NULL AND {WHERE}
ORDER BY t.partition_ordinal_position, t.subpartition_ordinal_position
