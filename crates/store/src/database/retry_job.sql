update jobs
set state = 'QUEUED', queued_at = $3, ended_at = null, cancel_requested_at = null, outcome = null, error = null,
    tasks_failed = 0, deaths = 0, lease_owner = null, lease_until = 0,
    failures = (select count(*) from failures f where f.org_id = $1 and f.job_id = $2)
where org_id = $1 and id = $2
