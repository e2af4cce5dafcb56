CREATE VIEW link.last_person AS
SELECT feed, provider, record_id, person_id FROM link.person_record
UNION ALL
SELECT m.feed, m.provider, m.record_id, m.from_person
FROM link.move m
WHERE m.to_person IS NULL
  AND NOT EXISTS (
    SELECT FROM link.record r WHERE (r.feed, r.provider, r.record_id) = (m.feed, m.provider, m.record_id))
  AND NOT EXISTS (
    SELECT FROM link.move n
    WHERE n.move_id > m.move_id AND (n.feed, n.provider, n.record_id) = (m.feed, m.provider, m.record_id));

COMMENT ON VIEW link.last_person IS
    'Whose each record is, or was when it last counted: link.person_record with those that were withdrawn.';
COMMENT ON COLUMN link.last_person.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN link.last_person.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN link.last_person.record_id IS 'Number of the record at its sender, or its pseudonym.';
COMMENT ON COLUMN link.last_person.person_id IS 'Random and stable.';
