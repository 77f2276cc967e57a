-- The allowed value itself, sealed, so that an export can hand it to catalogs that hash under another key.
alter table allowed add column value blob;
