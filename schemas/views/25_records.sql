CREATE VIEW mart.records AS
SELECT split_part(s.feed, '/', 1) AS agency,
       s.feed,
       s.provider,
       s.period,
       count(*) AS records,
       max(s.recorded_at) AS newest
FROM core.sighting s
WHERE s.current
GROUP BY s.feed, s.provider, s.period;

COMMENT ON VIEW mart.records IS
    'Records that count now, one each, by feed, provider and period: what the other marts are made of.';
COMMENT ON COLUMN mart.records.agency IS 'Kind of organisation: police, customs, justice, ngo, commission, partner.';
COMMENT ON COLUMN mart.records.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN mart.records.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN mart.records.period IS 'Period of the record in the grain of the contract (2025-03, 2025-Q1, 2025).';
COMMENT ON COLUMN mart.records.records IS 'Number of records.';
COMMENT ON COLUMN mart.records.newest IS 'When the newest of them was recorded.';
