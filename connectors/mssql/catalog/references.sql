-- Foreign keys.
SELECT s.name AS "schema",
    o.name AS "table",
    f.name AS "key",
    k.constraint_column_id AS "position",
    c.name AS "column",
    rs.name AS "target_schema",
    ro.name AS "target_table",
    rc.name AS "target_column"
FROM {DB}sys.foreign_keys f
JOIN {DB}sys.objects o ON o.object_id = f.parent_object_id
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
JOIN {DB}sys.foreign_key_columns k ON k.constraint_object_id = f.object_id
JOIN {DB}sys.columns c ON c.object_id = k.parent_object_id AND c.column_id = k.parent_column_id
JOIN {DB}sys.objects ro ON ro.object_id = k.referenced_object_id
JOIN {DB}sys.schemas rs ON rs.schema_id = ro.schema_id
JOIN {DB}sys.columns rc ON rc.object_id = k.referenced_object_id AND rc.column_id = k.referenced_column_id
WHERE o.is_ms_shipped = 0{WHERE}
