-- An allowed value holds everywhere, and why it is allowed stands with it. Values that held in one column or for one
-- identifier are forgotten: nothing ever wrote them, and they must not hold everywhere.
delete from allowed where column_id <> '00000000-0000-0000-0000-000000000000' or identifier <> '';
alter table allowed drop constraint allowed_pkey;
alter table allowed drop column column_id;
alter table allowed drop column identifier;
alter table allowed add column sealed bytea;
alter table allowed add primary key (org_id, hash);
