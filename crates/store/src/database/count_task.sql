update jobs
set tasks_done = tasks_done + 1, row_count = row_count + $3, byte_count = byte_count + $4, faults = faults + $5,
    heartbeat_at = $6, deaths = 0
where org_id = $1 and id = $2
