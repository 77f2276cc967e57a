update tasks
set state = 'RUNNING', attempts = attempts + 1, lease_owner = $3, lease_until = $4, fence = fence + 1, started_at = $5
where org_id = $1 and id = $2
