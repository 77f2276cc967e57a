update jobs
set lease_until = $4, heartbeat_at = $5
where org_id = $1 and id = $2 and fence = $3 and state in ('RUNNING', 'CANCELLING')
returning cancel_requested_at
