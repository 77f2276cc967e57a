update jobs
set heartbeat_at = $4
where org_id = $1 and id = $2 and fence = $3 and state in ('RUNNING', 'CANCELLING')
