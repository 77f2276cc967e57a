update jobs
set cancel_requested_at = coalesce(cancel_requested_at, $3),
    state = case when busy then 'CANCELLING' else 'CANCELLED' end,
    ended_at = case when busy then null else $3 end
from (
    select j.lease_until > $3 and j.lease_owner is not null
        or exists (select 1 from tasks t where t.org_id = $1 and t.job_id = $2 and t.state = 'RUNNING' and t.lease_until > $3)
        as busy
    from jobs j where j.org_id = $1 and j.id = $2
) as work
where org_id = $1 and id = $2
