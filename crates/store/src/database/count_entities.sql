update jobs
set tasks_done = tasks_done + $4, row_count = row_count + $5, byte_count = byte_count + $6, faults = faults + $7,
    findings = findings + $8, heartbeat_at = $9, deaths = case when $4 > 0 then 0 else deaths end
where org_id = $1 and id = $2 and fence = $3 and state in ('RUNNING', 'CANCELLING')
