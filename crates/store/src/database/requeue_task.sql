update tasks
set state = 'QUEUED', error = $3, available_at = $4, lease_owner = null, lease_until = 0
where org_id = $1 and id = $2
