CREATE VIEW register.facts_of_register AS
WITH waiting AS MATERIALIZED (
    SELECT person_id FROM link.touched UNION SELECT person_id FROM register.due
), last AS (
    SELECT *, lead(records) OVER w AS records_before, lead(shared) OVER w AS shared_before,
           lead(largest) OVER w AS largest_before
    FROM register.measure WINDOW w AS (ORDER BY at DESC) ORDER BY at DESC LIMIT 1
)
SELECT
    (SELECT count(*) FROM register.person p WHERE NOT EXISTS (
            SELECT FROM link.record r WHERE r.person_id = p.person_id)
        AND p.person_id NOT IN (SELECT person_id FROM waiting)) AS persons_without_records,
    (SELECT count(*) FROM (
        SELECT person_id FROM register.record UNION SELECT person_id FROM register.source
        UNION SELECT person_id FROM register.status UNION SELECT person_id FROM register.step
        UNION SELECT person_id FROM register.seen_by
        EXCEPT SELECT person_id FROM register.person) AS nobody) AS rows_of_nobody,
    (SELECT count(DISTINCT r.person_id) FROM link.record r JOIN core.victim v ON v.content_id = r.content_id
        WHERE NOT EXISTS (SELECT FROM register.person p WHERE p.person_id = r.person_id)
          AND r.person_id NOT IN (SELECT person_id FROM waiting)) AS victims_not_registered,
    (SELECT count(*) FROM register.person p WHERE 1 <> (
        SELECT count(*) FROM register.status s WHERE s.person_id = p.person_id AND s.current)) AS without_one_status,
    (SELECT count(*) FROM register.person p WHERE p.purpose = 'statistics' AND EXISTS (
        SELECT FROM register.source s WHERE s.person_id = p.person_id AND s.identity)) AS identity_without_consent,
    (SELECT count(*) FROM register.step WHERE ended_on < began_on) AS steps_ended_before_begun,
    (SELECT count(*) FROM register.step WHERE began_on > current_date) AS steps_in_the_future,
    (SELECT count(*) FROM (
        SELECT FROM register.step WHERE began_on IS NOT NULL GROUP BY person_id
        HAVING min(began_on) FILTER (WHERE kind IN ('identification', 'return'))
             < min(began_on) FILTER (WHERE kind IN ('detection', 'referral_from', 'court'))) AS early
    ) AS decided_before_met,
    l.records AS records_linked,
    l.largest AS largest_person,
    l.largest - l.largest_before AS largest_grew,
    -- Of fewer than a thousand records, shares swing with each delivery.
    CASE WHEN least(l.records, l.records_before) >= 1000
         THEN l.shared::double precision / l.records - l.shared_before::double precision / l.records_before
    END AS share_linked_moved
FROM (SELECT) AS one LEFT JOIN last l ON true;

COMMENT ON VIEW register.facts_of_register IS
    'One row of counts over the register and linkage: what expectations/warehouse/register.json judges. Who waits to be rebuilt is not counted.';
COMMENT ON COLUMN register.facts_of_register.persons_without_records IS 'Persons who have no record any more: ghosts.';
COMMENT ON COLUMN register.facts_of_register.rows_of_nobody IS 'Persons of whom there are sources, statuses, steps or records and no row.';
COMMENT ON COLUMN register.facts_of_register.victims_not_registered IS 'Persons with a victim''s record and no row.';
COMMENT ON COLUMN register.facts_of_register.without_one_status IS 'Persons with no status that counts, or several.';
COMMENT ON COLUMN register.facts_of_register.identity_without_consent IS 'Persons without consent whose identity has a source.';
COMMENT ON COLUMN register.facts_of_register.steps_ended_before_begun IS 'Services and stays that ended before they began.';
COMMENT ON COLUMN register.facts_of_register.steps_in_the_future IS 'Steps on a day that has not come.';
COMMENT ON COLUMN register.facts_of_register.decided_before_met IS 'Persons identified or returned before anybody had met them.';
COMMENT ON COLUMN register.facts_of_register.records_linked IS 'Records that are of a person.';
COMMENT ON COLUMN register.facts_of_register.largest_person IS 'Records of the person with most.';
COMMENT ON COLUMN register.facts_of_register.largest_grew IS 'By how much that changed since the measure before.';
COMMENT ON COLUMN register.facts_of_register.share_linked_moved IS
    'Change of the share of records that are of a person with another record, since the measure before; empty below a thousand records.';
