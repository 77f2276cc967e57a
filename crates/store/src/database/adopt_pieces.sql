update pieces
set job_id = $2
where org_id = $1 and entity_id = $3 and job_id <> $2 and faults = 0
    -- The record of a job that ended long ago may be gone.
    and not exists (
        select 1 from jobs j
        where j.org_id = pieces.org_id and j.id = pieces.job_id and j.state not in ('COMPLETED', 'PARTIAL')
    )
