delete from failures
where org_id = $1 and job_id = $2 and task_id in (
    select id from tasks
    where org_id = $1 and job_id = $2 and state in ('COMPLETED', 'PARTIAL') and entity_id is not null
    and not exists (
        select 1 from pieces p
        where p.org_id = tasks.org_id and p.entity_id = tasks.entity_id and p.piece_id = tasks.piece_id
            and p.job_id = tasks.job_id
    )
)
