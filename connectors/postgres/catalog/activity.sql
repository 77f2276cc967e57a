-- Who else is at work in this database and may have committed changes that are not counted yet; times in milliseconds by the
-- server's clock, of which the first row tells the one of now whoever there is. Of others an account without
-- `pg_read_all_stats` sees neither state nor times, but whether they are in a transaction, and in which.
SELECT
    n.now,
    a.pid IS NOT NULL AS other,
    a.state,
    (extract(epoch FROM a.state_change) * 1000)::int8 AS changed,
    -- A procedure commits without falling idle: what counts is when it was called.
    (extract(epoch FROM CASE WHEN a.state = 'active' THEN least(a.query_start, a.xact_start) ELSE a.xact_start END) * 1000)::int8 AS began,
    l.virtualxid AS transaction
FROM (SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::int8 AS now) AS n
LEFT JOIN pg_catalog.pg_stat_activity a
    ON a.datname = pg_catalog.current_database()
    AND a.pid <> pg_catalog.pg_backend_pid()
    AND coalesce(a.backend_type, '') NOT IN ('autovacuum worker', 'parallel worker', 'walsender')
    -- Background workers that tell no state change nothing for clients; of others' sessions the kind is not seen either.
    AND (a.state IS NOT NULL OR (a.usesysid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend'))
    -- Sessions of ours only read.
    AND (a.application_name = 'locard' AND a.usename = current_user) IS NOT TRUE
LEFT JOIN pg_catalog.pg_locks l ON l.pid = a.pid AND l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock'
