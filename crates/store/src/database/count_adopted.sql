update jobs
set tasks_done = tasks_done + $4, row_count = row_count + adopted.rows, byte_count = byte_count + adopted.bytes
from (
    select coalesce(sum(row_count), 0) as rows, coalesce(sum(byte_count), 0) as bytes
    from pieces
    where org_id = $1 and entity_id = $3
