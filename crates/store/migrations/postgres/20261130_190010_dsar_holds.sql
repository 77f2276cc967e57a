-- A legal hold on a DSAR job itself, whatever request it answers, or none.
alter table dsar_jobs add column is_held bigint not null default 0;
