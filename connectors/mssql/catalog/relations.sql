-- Tables and views; {DB} names the database, {WHERE} narrows to one name. Sizes are of the rows without other indexes.
SELECT s.name AS "schema",
    o.name AS "name",
    o.type AS "type",
    p."rows" AS "rows",
    p."parts" AS "parts",
    a."pages" AS "pages",
    CAST(e.value AS nvarchar(4000)) AS "comment",
    HAS_PERMS_BY_NAME({NAME}, 'OBJECT', 'SELECT') AS "readable"
FROM {DB}sys.objects o
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
LEFT JOIN (
    SELECT q.object_id, SUM(q.rows) AS "rows", COUNT_BIG(*) AS "parts"
    FROM {DB}sys.partitions q
    WHERE q.index_id IN (0, 1)
    GROUP BY q.object_id
) p ON p.object_id = o.object_id
LEFT JOIN (
    SELECT q.object_id, SUM(u.used_pages) AS "pages"
    FROM {DB}sys.partitions q
    JOIN {DB}sys.allocation_units u ON u.container_id = q.partition_id
    WHERE q.index_id IN (0, 1)
    GROUP BY q.object_id
) a ON a.object_id = o.object_id
LEFT JOIN {DB}sys.extended_properties e
    ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = 0 AND e.name = 'MS_Description'
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0{WHERE}
