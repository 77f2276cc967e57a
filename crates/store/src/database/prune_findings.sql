delete from findings
where org_id = $1 and is_current = 0 and job_id not in (select id from jobs where org_id = $1)
