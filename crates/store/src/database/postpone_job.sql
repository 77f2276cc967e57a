update jobs
set state = 'QUEUED', not_before = $4, lease_owner = null, lease_until = 0
where org_id = $1 and id = $2 and fence = $3 and state = 'RUNNING'
