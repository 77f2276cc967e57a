update jobs
set state = case when cancel_requested_at is null then 'RUNNING' else 'CANCELLING' end,
    lease_owner = $3, lease_until = $4, fence = fence + 1, heartbeat_at = $5, started_at = coalesce(started_at, $5)
where org_id = $1 and id = $2
returning fence
