-- A lease that was given back ends with its last heartbeat; one that runs longer was somebody's who died.
update jobs
set deaths = deaths + case when state in ('RUNNING', 'CANCELLING') and lease_until > heartbeat_at then 1 else 0 end,
    state = case when cancel_requested_at is null then 'RUNNING' else 'CANCELLING' end,
    lease_owner = $3, lease_until = $4, fence = fence + 1, heartbeat_at = $5, started_at = coalesce(started_at, $5)
where org_id = $1 and id = $2
returning fence
