-- What was read and written of a table since the server started, by statement.
SELECT SUM(u.user_seeks + u.user_scans + u.user_lookups) AS "reads",
    MAX(u.user_updates) AS "writes",
    DATEDIFF_BIG(SECOND, CAST('1970-01-01' AS datetime2(3)),
        MAX(CASE WHEN u.last_user_seek > COALESCE(u.last_user_scan, 0) THEN u.last_user_seek ELSE u.last_user_scan END))
        - MAX(z.behind) AS "last_read",
    DATEDIFF_BIG(SECOND, CAST('1970-01-01' AS datetime2(3)), MAX(u.last_user_update)) - MAX(z.behind) AS "last_write",
    DATEDIFF_BIG(SECOND, CAST('1970-01-01' AS datetime2(3)), MAX(i.sqlserver_start_time)) - MAX(z.behind) AS "since"
FROM {DB}sys.objects o
JOIN {DB}sys.schemas s ON s.schema_id = o.schema_id
CROSS JOIN (SELECT DATEDIFF(SECOND, GETUTCDATE(), GETDATE()) AS behind) z
CROSS JOIN sys.dm_os_sys_info i
LEFT JOIN sys.dm_db_index_usage_stats u ON u.object_id = o.object_id AND u.database_id = DB_ID({DATABASE})
WHERE o.type = 'U'{WHERE}
