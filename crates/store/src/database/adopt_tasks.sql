update tasks
set state = 'COMPLETED', started_at = $4, ended_at = $4, row_count = (
        select p.row_count from pieces p
        where p.org_id = tasks.org_id and p.entity_id = tasks.entity_id and p.piece_id = tasks.piece_id
    ), byte_count = (
        select p.byte_count from pieces p
        where p.org_id = tasks.org_id and p.entity_id = tasks.entity_id and p.piece_id = tasks.piece_id
    )
where org_id = $1 and job_id = $2 and entity_id = $3 and state = 'QUEUED'
