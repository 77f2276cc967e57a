-- Changes of the catalog are counted, and each entity tells by which of them something of it changed last: whoever keeps
-- some of it in memory reads only that anew.
alter table organisations add column changes bigint not null default 0;
alter table entities add column changed bigint not null default 0;
create index entities_changed on entities (org_id, changed) where kind <> 'column';
-- Pages of all entities, of those of one kind and of those in another, without a walk over columns.
create index entities_listed on entities (org_id, id) where kind <> 'column';
create index entities_by_kind on entities (org_id, kind, id) where kind <> 'column';
create index entities_below on entities (org_id, parent_id, id) where kind <> 'column';
