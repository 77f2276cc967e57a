update tasks
set state = 'QUEUED', lease_owner = null, lease_until = 0, available_at = 0
where state = 'RUNNING';

update jobs set lease_owner = null, lease_until = 0
where state in ('RUNNING', 'CANCELLING');
