select c.piece_id, c.column_id, c.key_id, c.forms, c.sketch, c.evidence, e.sealed as extremes
from piece_columns c
left join piece_extremes e on e.org_id = c.org_id and e.entity_id = c.entity_id and e.piece_id = c.piece_id
    and e.column_id = c.column_id
