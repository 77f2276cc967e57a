-- An allowed value holds everywhere, and why it is allowed stands with it. Values that held in one column or for one
-- identifier are forgotten: nothing ever wrote them, and they must not hold everywhere.
create table allowed_everywhere (
    org_id blob not null references organisations (id),
    hash integer not null,
    sealed blob,
    primary key (org_id, hash)
) strict, without rowid;
insert into allowed_everywhere (org_id, hash)
select org_id, hash from allowed where column_id = zeroblob(16) and identifier = '';
drop table allowed;
alter table allowed_everywhere rename to allowed;
