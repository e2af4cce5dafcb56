CREATE VIEW register.facts_of_core AS
SELECT
    (SELECT count(*) FROM core.victim v WHERE NOT EXISTS (
        SELECT FROM core.sighting k WHERE k.content_id = v.content_id)) AS victims_without_sighting,
    (SELECT count(*) FROM (
        SELECT FROM core.sighting k JOIN core.victim v USING (content_id)
        WHERE k.current AND v.item = 1 GROUP BY k.feed, k.provider, k.record_id HAVING count(*) > 1) AS twice
    ) AS victims_current_twice,
    (SELECT count(*) FROM link.record r WHERE NOT EXISTS (
            SELECT FROM core.sighting k WHERE (k.provider, k.record_id) = (r.provider, r.record_id)
              AND k.feed = r.feed AND k.current)
        AND NOT EXISTS (SELECT FROM core.changed c WHERE (c.feed, c.provider, c.record_id)
                        = (r.feed, r.provider, r.record_id))
        AND NOT EXISTS (SELECT FROM link.due d WHERE (d.feed, d.provider, d.record_id)
                        = (r.feed, r.provider, r.record_id))) AS linked_without_record,
    (SELECT count(*) FROM register.unheeded) AS decided_in_vain;

COMMENT ON VIEW register.facts_of_core IS
    'One row of counts over records of victims: what expectations/warehouse/core.json judges. What waits for linkage is not counted.';
COMMENT ON COLUMN register.facts_of_core.victims_without_sighting IS 'Victims'' rows that no delivery states.';
COMMENT ON COLUMN register.facts_of_core.victims_current_twice IS 'Records of victims of which two states count at once.';
COMMENT ON COLUMN register.facts_of_core.linked_without_record IS 'Records that linkage gives to a person though they count no longer.';
COMMENT ON COLUMN register.facts_of_core.decided_in_vain IS 'Pairs of records that people said are of one person and that are of two.';
