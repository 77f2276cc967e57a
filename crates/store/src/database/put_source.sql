insert into sources (org_id, id, name_hash, kind, sealed, settings, created_at, updated_at, key_hash)
values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
on conflict (org_id, id) do update
set name_hash = excluded.name_hash, kind = excluded.kind, sealed = excluded.sealed, settings = excluded.settings,
    updated_at = excluded.updated_at, key_hash = excluded.key_hash
where sources.key_hash is null or sources.key_hash = excluded.key_hash
returning id, kind, sealed, created_at, updated_at
