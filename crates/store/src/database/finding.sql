select f.id, f.job_id, f.source_id, f.entity_id, f.column_id, f.identifier, f.kind, f.category, f.sensitivity,
    f.confidence, f.row_count, f.tested, f.matched, f.validated, f.distinct_count, f.indexed, f.is_current, f.sealed, f.filled,
    r.decision
from findings f
left join reviews r on r.org_id = f.org_id and r.column_id = f.column_id and r.identifier = f.identifier
