select id, kind, state, spec, priority, parent_id, schedule_id, affinity, not_before, created_at, queued_at, started_at,
    heartbeat_at, lease_until, ended_at, cancel_requested_at, tasks, tasks_done, tasks_failed, row_count, byte_count, faults,
    failures, findings, outcome, error, details, deaths
from jobs where org_id = $1
