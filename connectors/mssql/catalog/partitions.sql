-- The partitions of a table's rows, and the function and column that tell which one a row is in.
SELECT pf.name AS "function",
    c.name AS "column",
    p.partition_number AS "number",
    p.rows AS "rows"
FROM {DB}sys.indexes i
JOIN {DB}sys.objects o ON o.object_id = i.object_id
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
JOIN {DB}sys.partition_schemes ps ON ps.data_space_id = i.data_space_id
JOIN {DB}sys.partition_functions pf ON pf.function_id = ps.function_id
JOIN {DB}sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.partition_ordinal = 1
JOIN {DB}sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
JOIN {DB}sys.partitions p ON p.object_id = i.object_id AND p.index_id = i.index_id
WHERE i.index_id IN (0, 1){WHERE}
ORDER BY p.partition_number
