-- Which source a failure is of. Of earlier ones nobody wrote it down; they are told by their names, as before.
alter table failures add column source_id uuid;
