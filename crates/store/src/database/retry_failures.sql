delete from failures
where org_id = $1 and job_id = $2 and (
    task_id is null
    or task_id in (select id from tasks where org_id = $1 and job_id = $2 and state in ('FAILED', 'CANCELLED'))
)
