-- How often whoever ran a job has ended without a word since the job last came on.
alter table jobs add column deaths integer not null default 0;
