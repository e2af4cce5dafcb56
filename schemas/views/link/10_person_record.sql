CREATE VIEW link.person_record AS
SELECT feed, provider, record_id, person_id FROM link.record
UNION ALL
-- A record of a service alone (a stay in a shelter) names its guest by the code that the same provider gave her.
SELECT k.feed, k.provider, k.record_id, min(r.person_id::text)::uuid
FROM core.service s
JOIN core.sighting k ON k.content_id = s.content_id AND k.current
JOIN core.victim v ON v.provider = s.provider AND v.victim_reference = s.victim_reference
-- The state that was linked; its number is below 0 while it waits to be compared again.
JOIN link.record r ON (r.feed, r.provider, r.record_id) = (v.feed, v.provider, v.record_id) AND abs(r.content_id) = v.content_id
-- By its key: the state that counts of a record that was linked itself may be a newer one, which waits.
WHERE NOT EXISTS (
    SELECT FROM link.record own WHERE (own.feed, own.provider, own.record_id) = (k.feed, k.provider, k.record_id)
)
GROUP BY k.feed, k.provider, k.record_id
HAVING count(DISTINCT r.person_id) = 1;

COMMENT ON VIEW link.person_record IS
    'Who is whom: the person of each record that counts now. A record of a service alone follows the code of its guest.';
COMMENT ON COLUMN link.person_record.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN link.person_record.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN link.person_record.record_id IS 'Number of the record at its sender, or its pseudonym.';
COMMENT ON COLUMN link.person_record.person_id IS 'Random and stable: the same after another run, over merges the older one.';
