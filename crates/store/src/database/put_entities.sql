
on conflict (org_id, id) do update
set parent_id = excluded.parent_id, ordinal = excluded.ordinal, sealed = excluded.sealed,
    description = coalesce(excluded.description, entities.description),
    row_count = coalesce(excluded.row_count, entities.row_count),
    byte_count = coalesce(excluded.byte_count, entities.byte_count),
    seen_at = excluded.seen_at, gone_at = null, changed = excluded.changed
