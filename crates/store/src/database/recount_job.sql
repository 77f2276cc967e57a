update jobs
set tasks = (select count(*) from tasks t where t.org_id = $1 and t.job_id = $2),
    tasks_done = (
        select count(*) from tasks t where t.org_id = $1 and t.job_id = $2 and t.state in ('COMPLETED', 'PARTIAL')
    ),
    tasks_failed = (select count(*) from tasks t where t.org_id = $1 and t.job_id = $2 and t.state = 'FAILED'),
    row_count = (select coalesce(sum(t.row_count), 0) from tasks t where t.org_id = $1 and t.job_id = $2),
    byte_count = (select coalesce(sum(t.byte_count), 0) from tasks t where t.org_id = $1 and t.job_id = $2),
    faults = (select coalesce(sum(t.faults), 0) from tasks t where t.org_id = $1 and t.job_id = $2),
    failures = (select count(*) from failures f where f.org_id = $1 and f.job_id = $2)
where org_id = $1 and id = $2
