-- What the statistics collector counted for one table. Times of last use exist since PostgreSQL 16, hence the JSON.
SELECT
    (coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0))::int8 AS reads,
    (s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::int8 AS writes,
    (extract(epoch FROM greatest(
        (to_jsonb(s) ->> 'last_seq_scan')::timestamptz,
        (to_jsonb(s) ->> 'last_idx_scan')::timestamptz
    )) * 1000000)::int8 AS last_read,
    (extract(epoch FROM d.stats_reset) * 1000000)::int8 AS since
FROM pg_catalog.pg_stat_user_tables s
LEFT JOIN pg_catalog.pg_stat_database d ON d.datname = current_database()
WHERE s.schemaname = $1 AND s.relname = $2
