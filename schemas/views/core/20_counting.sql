CREATE VIEW core.counting AS
SELECT k.content_id, k.feed, k.provider, k.record_id, k.period, k.version, k.recorded_at, k.delivery_id
FROM core.sighting k
-- A query of its own is asked once; joined, the setting would be read for each row.
WHERE (SELECT before FROM core.as_of) IS NULL AND k.current
UNION ALL
SELECT k.content_id, k.feed, k.provider, k.record_id, k.period, k.version, k.recorded_at, k.delivery_id
FROM core.sighting k
LEFT JOIN (
    SELECT c.delivery_id, c.row,
           (array_agg(c.counts ORDER BY c.turn_id DESC) FILTER (WHERE c.at < (SELECT before FROM core.as_of)))[1] AS last,
           NOT (array_agg(c.counts ORDER BY c.turn_id))[1] AS before_the_first
    FROM core.turn c
    GROUP BY c.delivery_id, c.row
) AS turned ON (turned.delivery_id, turned.row) = (k.delivery_id, k.row)
-- The last turn before that moment; without one, what the first turn put an end to; without any, as it stands.
WHERE (SELECT before FROM core.as_of) IS NOT NULL AND k.recorded_at < (SELECT before FROM core.as_of)
  AND coalesce(turned.last, turned.before_the_first, k.current);

COMMENT ON VIEW core.counting IS 'Statements that count: now, or as of the moment of core.as_of. Marts are made of it.';
COMMENT ON COLUMN core.counting.content_id IS 'Number of the state of the record.';
COMMENT ON COLUMN core.counting.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN core.counting.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN core.counting.record_id IS 'Number of the record at its sender, or its pseudonym.';
COMMENT ON COLUMN core.counting.period IS 'Period of the record in the grain of the contract.';
COMMENT ON COLUMN core.counting.version IS 'Version of the record, most often its day of sending.';
COMMENT ON COLUMN core.counting.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN core.counting.delivery_id IS 'The delivery that stated it.';
