update tasks set lease_until = $4
where org_id = $1 and id = $2 and fence = $3 and state = 'RUNNING'
