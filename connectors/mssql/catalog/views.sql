-- What views are made of; nothing where the account may not see definitions.
SELECT s.name AS "schema",
    o.name AS "table",
    m.definition AS "definition"
FROM {DB}sys.sql_modules m
JOIN {DB}sys.objects o ON o.object_id = m.object_id
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
WHERE o.type = 'V' AND o.is_ms_shipped = 0{WHERE}
