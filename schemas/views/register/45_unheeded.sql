CREATE VIEW register.unheeded AS
SELECT d.left_feed, d.left_provider, d.left_record, d.right_feed, d.right_provider, d.right_record, d.decided_at
FROM (
    SELECT DISTINCT ON (left_feed, left_provider, left_record, right_feed, right_provider, right_record) *
    FROM link.decision
    ORDER BY left_feed, left_provider, left_record, right_feed, right_provider, right_record, decision_id DESC
) AS d
JOIN link.record l ON (l.feed, l.provider, l.record_id) = (d.left_feed, d.left_provider, d.left_record)
JOIN link.record r ON (r.feed, r.provider, r.record_id) = (d.right_feed, d.right_provider, d.right_record)
WHERE d.same AND l.person_id <> r.person_id
  AND NOT EXISTS (
    SELECT FROM link.due w
    WHERE (w.feed, w.provider, w.record_id) IN ((l.feed, l.provider, l.record_id), (r.feed, r.provider, r.record_id)));

COMMENT ON VIEW register.unheeded IS
    'Records that people said are of one person and that are of two, since others of these persons'' records were said to be of two.';
COMMENT ON COLUMN register.unheeded.left_feed IS 'Dataset of the one record.';
COMMENT ON COLUMN register.unheeded.left_provider IS 'Its sending body.';
COMMENT ON COLUMN register.unheeded.left_record IS 'Its number at its sender, or its pseudonym.';
COMMENT ON COLUMN register.unheeded.right_feed IS 'Dataset of the other record.';
COMMENT ON COLUMN register.unheeded.right_provider IS 'Its sending body.';
COMMENT ON COLUMN register.unheeded.right_record IS 'Its number at its sender, or its pseudonym.';
COMMENT ON COLUMN register.unheeded.decided_at IS 'When it was decided that they are of one person.';
