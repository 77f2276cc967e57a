update tasks
set state = 'RUNNING', attempts = attempts + 1, lease_owner = $2, lease_until = $3, fence = fence + 1, started_at = $4
where org_id = $1
