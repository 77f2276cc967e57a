-- What belongs to one entity or job is asked for in the order of its ids; with that order in no index, SQLite walks the
-- whole table by its primary key for each of them.
create index profiles_in_entity on profiles (org_id, entity_id, column_id);
drop index profiles_by_entity;
create index findings_in_entity on findings (org_id, entity_id, id);
drop index findings_by_entity;
create index tasks_in_job on tasks (org_id, job_id, id);
