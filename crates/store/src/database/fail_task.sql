update tasks
set state = 'FAILED', error = $3, ended_at = $4, lease_owner = null, lease_until = 0
where org_id = $1 and id = $2
