update tasks
set state = $4, row_count = $5, byte_count = $6, faults = $7, ended_at = $8, lease_until = 0, error = null
where org_id = $1 and id = $2 and fence = $3 and state = 'RUNNING'
