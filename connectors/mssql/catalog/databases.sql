-- Databases that can be read, and whether they allow snapshots.
SELECT d.name AS "name",
    CAST(d.snapshot_isolation_state AS int) AS "snapshots",
    CASE WHEN d.name IN ('master', 'tempdb', 'model', 'msdb') OR d.is_distributor = 1 THEN 1 ELSE 0 END AS "own"
FROM sys.databases d
WHERE d.state = 0 AND HAS_DBACCESS(d.name) = 1
