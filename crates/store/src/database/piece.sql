select p.piece_id, p.job_id, p.version, p.row_count, p.byte_count, p.faults, c.column_id, c.key_id, c.forms, c.sketch,
    c.evidence, e.sealed as extremes
from pieces p
left join piece_columns c on c.org_id = p.org_id and c.entity_id = p.entity_id and c.piece_id = p.piece_id
left join piece_extremes e on e.org_id = c.org_id and e.entity_id = c.entity_id and e.piece_id = c.piece_id
    and e.column_id = c.column_id
where p.org_id = $1 and p.entity_id = $2 and p.piece_id = $3
order by c.column_id
