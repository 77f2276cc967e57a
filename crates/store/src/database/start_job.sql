insert into jobs (
    org_id, id, kind, state, spec, spec_hash, idempotency_hash, priority, parent_id, schedule_id, affinity,
    not_before, created_at, queued_at, lease_until, fence, tasks, tasks_done, tasks_failed, row_count, byte_count,
    faults, failures, findings, details
)
values ($1, $2, $3, 'QUEUED', $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $13)
on conflict (org_id, idempotency_hash) do nothing
