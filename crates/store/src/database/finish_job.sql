update jobs
set state = $3, outcome = $4, error = $5, ended_at = $6, heartbeat_at = $6, lease_owner = null, lease_until = 0
where org_id = $1 and id = $2
