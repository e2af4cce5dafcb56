CREATE VIEW link.held AS
WITH RECURSIVE heir AS (
    SELECT held_id AS person_id, reason, placed_at FROM ops.hold
    UNION
    SELECT p.merged_into, h.reason, h.placed_at
    FROM heir h JOIN link.person p USING (person_id) WHERE p.merged_into IS NOT NULL
), person AS (
    SELECT person_id, reason, placed_at FROM heir
    UNION
    SELECT p.person_id, h.reason, h.placed_at FROM person h JOIN link.person p ON p.merged_into = h.person_id
)
SELECT r.feed, r.provider, r.record_id, h.reason FROM person h JOIN link.last_person r USING (person_id)
UNION
SELECT m.feed, m.provider, m.record_id, h.reason
FROM person h JOIN link.move m ON m.from_person = h.person_id AND m.at >= h.placed_at;

COMMENT ON VIEW link.held IS
    'Records that legal holds on persons keep: all that are hers or were when they last counted, wherever linkage takes them.';
COMMENT ON COLUMN link.held.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN link.held.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN link.held.record_id IS 'Number of the record at its sender, or its pseudonym.';
COMMENT ON COLUMN link.held.reason IS 'Why they are held.';
