update tasks
set state = 'QUEUED', attempts = case when state = 'FAILED' then attempts - 1 else attempts end, available_at = 0, error = null, ended_at = null, lease_owner = null, lease_until = 0,
    fence = fence + 1
where org_id = $1 and job_id = $2 and state in ('FAILED', 'CANCELLED')
