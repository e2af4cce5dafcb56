CREATE VIEW mart.victim_totals AS
SELECT split_part(v.feed, '/', 1) AS agency,
       v.feed,
       v.provider,
       s.period,
       coalesce(v.status, 'unknown') AS status,
       coalesce(v.sex, 'unknown') AS sex,
       coalesce(v.age_band, 'unknown') AS age_band,
       coalesce(v.minor, 'unknown') AS minor,
       count(*) AS victim_records,
       'victim record' AS counting_unit,
       'status as stated by the agency, before linkage' AS counting_stage,
       'period of the delivery''s contract' AS reference_date
FROM core.victim v
JOIN core.sighting s ON s.content_id = v.content_id AND s.current
GROUP BY v.feed, v.provider, s.period, v.status, v.sex, v.age_band, v.minor;

COMMENT ON VIEW mart.victim_totals IS
    'Victim records that count now, each in one row only, by agency, period, status, sex and age band: sums are right over all columns. The same person in two files counts twice until linkage.';
COMMENT ON COLUMN mart.victim_totals.agency IS 'Kind of organisation: police, customs, justice, ngo, commission, partner.';
COMMENT ON COLUMN mart.victim_totals.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN mart.victim_totals.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN mart.victim_totals.period IS 'Period of the record in the grain of the contract (2025-03, 2025-Q1, 2025).';
COMMENT ON COLUMN mart.victim_totals.status IS 'Code list victim_status as the agency states it: presumed, identified, confirmed, not a victim … Choose before you add up.';
COMMENT ON COLUMN mart.victim_totals.sex IS 'Code list sex; unknown when not stated.';
COMMENT ON COLUMN mart.victim_totals.age_band IS 'Code list age_band, age at the time of the contract''s reference date.';
COMMENT ON COLUMN mart.victim_totals.minor IS 'yes, no or unknown: under 18 at the time.';
COMMENT ON COLUMN mart.victim_totals.victim_records IS 'Number of victim records.';
COMMENT ON COLUMN mart.victim_totals.counting_unit IS 'What is counted.';
COMMENT ON COLUMN mart.victim_totals.counting_stage IS 'At which stage of identification it is counted.';
COMMENT ON COLUMN mart.victim_totals.reference_date IS 'Which date puts a record into its period.';
