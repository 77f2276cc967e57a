update tasks
set state = 'QUEUED', attempts = attempts - 1, available_at = 0, row_count = 0, byte_count = 0, faults = 0,
    error = null, ended_at = null, lease_owner = null, lease_until = 0, fence = fence + 1
where org_id = $1 and job_id = $2 and state in ('COMPLETED', 'PARTIAL') and entity_id is not null
    and not exists (
        select 1 from pieces p
        where p.org_id = tasks.org_id and p.entity_id = tasks.entity_id and p.piece_id = tasks.piece_id
            and p.job_id = tasks.job_id
    )
