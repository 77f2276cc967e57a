delete from jobs
where org_id = $1 and state in ('COMPLETED', 'PARTIAL', 'CANCELLED', 'FAILED') and lease_until <= $3
    and ended_at <= $4
    and id in (
        select id
        from (
            select id, state,
                row_number() over (partition by spec_hash order by id desc) as age,
                row_number() over (partition by spec_hash, state order by id desc) as age_in_state
            from jobs where org_id = $1
        ) as ranked
        where age > $2 and not (state = 'COMPLETED' and age_in_state = 1)
    )
    and id not in (select job_id from pieces where org_id = $1)
    and not exists (select 1 from jobs child where child.org_id = $1 and child.parent_id = jobs.id)
    and not exists (
        select 1 from tasks t
        where t.org_id = $1 and t.job_id = jobs.id and t.state in ('QUEUED', 'RUNNING') and t.lease_until > $3
    )
