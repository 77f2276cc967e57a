-- Cells of a finding's column that hold something: more than its records where these hold lists. 0: not known.
alter table findings add column filled bigint not null default 0;
