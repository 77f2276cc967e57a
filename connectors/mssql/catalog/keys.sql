-- Unique keys, the primary one among them.
SELECT s.name AS "schema",
    o.name AS "table",
    i.name AS "key",
    CAST(i.is_primary_key AS int) AS "primary",
    CAST(k.key_ordinal AS int) AS "position",
    c.name AS "column"
FROM {DB}sys.indexes i
JOIN {DB}sys.objects o ON o.object_id = i.object_id
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
JOIN {DB}sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id
JOIN {DB}sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0 AND k.key_ordinal > 0
    AND o.type = 'U' AND o.is_ms_shipped = 0{WHERE}
