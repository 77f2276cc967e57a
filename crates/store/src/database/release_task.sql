update tasks
set state = case when cancelled then 'CANCELLED' else 'QUEUED' end, ended_at = case when cancelled then $5 else null end,
    attempts = attempts - 1, available_at = 0, lease_owner = null, lease_until = 0, fence = fence + 1
from (select cancel_requested_at is not null as cancelled from jobs where org_id = $1 and id = $4) as asked
where org_id = $1 and id = $2 and fence = $3 and state = 'RUNNING'
