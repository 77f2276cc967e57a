update tasks
set state = 'CANCELLED', ended_at = $3, fence = fence + 1, lease_owner = null, lease_until = 0
where org_id = $1 and job_id = $2 and state in ('QUEUED', 'RUNNING')
