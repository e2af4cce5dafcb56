CREATE VIEW mart.victims AS
SELECT split_part(v.feed, '/', 1) AS agency,
       v.feed,
       v.provider,
       s.period,
       coalesce(v.status, 'unknown') AS status,
       coalesce(v.sex, 'unknown') AS sex,
       coalesce(v.age_band, 'unknown') AS age_band,
       coalesce(v.minor, 'unknown') AS minor,
       coalesce(form.code, 'unknown') AS exploitation_form,
       coalesce(citizenship.code, 'unknown') AS citizenship,
       count(*) AS victim_records,
       'victim record' AS counting_unit,
       'status as stated by the agency, before linkage' AS counting_stage,
       'period of the delivery''s contract' AS reference_date
FROM core.victim v
JOIN core.sighting s ON s.content_id = v.content_id AND s.current
LEFT JOIN LATERAL unnest(v.exploitation_form) AS form (code) ON true
LEFT JOIN LATERAL unnest(v.citizenship) AS citizenship (code) ON true
GROUP BY v.feed, v.provider, s.period, v.status, v.sex, v.age_band, v.minor, form.code, citizenship.code;

COMMENT ON VIEW mart.victims IS
    'Victim records that count now, by agency, period, sex, age band, form of exploitation and citizenship. A record with two forms or two citizenships stands in two rows, so sums over these two columns exceed the number of records. The same person in two files counts twice until linkage.';
COMMENT ON COLUMN mart.victims.agency IS 'Kind of organisation: police, customs, justice, ngo, commission, partner.';
COMMENT ON COLUMN mart.victims.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN mart.victims.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN mart.victims.period IS 'Period of the record in the grain of the contract (2025-03, 2025-Q1, 2025).';
COMMENT ON COLUMN mart.victims.status IS
    'Code list victim_status as the agency states it: presumed, identified, confirmed, not a victim … Choose before you add up.';
COMMENT ON COLUMN mart.victims.sex IS 'Code list sex; unknown when not stated.';
COMMENT ON COLUMN mart.victims.age_band IS 'Code list age_band, age at the time of the contract''s reference date.';
COMMENT ON COLUMN mart.victims.minor IS 'yes, no or unknown: under 18 at the time.';
COMMENT ON COLUMN mart.victims.exploitation_form IS 'Code list exploitation_form (IC-TIP aligned).';
COMMENT ON COLUMN mart.victims.citizenship IS 'ISO 3166-1 alpha-3 code.';
COMMENT ON COLUMN mart.victims.victim_records IS 'Number of victim records.';
COMMENT ON COLUMN mart.victims.counting_unit IS 'What is counted.';
COMMENT ON COLUMN mart.victims.counting_stage IS 'At which stage of identification it is counted.';
COMMENT ON COLUMN mart.victims.reference_date IS 'Which date puts a record into its period.';
