-- A look-up asks which entities could not be read, and for most failures there is none: files that nothing reads.
create index failures_of_entities on failures (org_id, id) where entity_id is not null;
