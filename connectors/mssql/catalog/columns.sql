-- Columns. What is always encrypted comes as the bytes that it is; columns of a graph's own cannot be asked for.
SELECT s.name AS "schema",
    o.name AS "table",
    c.name AS "name",
    c.column_id AS "position",
    CASE WHEN c.encryption_type IS NOT NULL THEN 'varbinary' ELSE COALESCE(b.name, t.name) END AS "type",
    t.name AS "declared",
    CAST(c.max_length AS int) AS "length",
    CAST(c.precision AS int) AS "precision",
    CAST(c.scale AS int) AS "scale",
    c.collation_name AS "collation",
    CAST(c.is_nullable AS int) AS "nullable",
    CAST(e.value AS nvarchar(4000)) AS "comment",
    {READABLE} AS "readable",
    CASE WHEN c.is_masked = 1 AND HAS_PERMS_BY_NAME({DATABASE}, 'DATABASE', 'UNMASK') = 0 THEN 1 ELSE 0 END AS "masked"
FROM {DB}sys.columns c
JOIN {DB}sys.objects o ON o.object_id = c.object_id
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
JOIN {DB}sys.types t ON t.user_type_id = c.user_type_id
LEFT JOIN {DB}sys.types b ON b.user_type_id = c.system_type_id
LEFT JOIN {DB}sys.extended_properties e
    ON e.class = 1 AND e.major_id = c.object_id AND e.minor_id = c.column_id AND e.name = 'MS_Description'
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND COALESCE(c.graph_type, 0) NOT IN (1, 3, 4, 6, 7){WHERE}
