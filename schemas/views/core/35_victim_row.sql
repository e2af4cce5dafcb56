CREATE VIEW core.victim_row AS
SELECT split_part(v.feed, '/', 1) AS agency,
       v.feed,
       v.provider,
       s.delivery_id,
       s.period,
       coalesce(v.status, 'unknown') AS status,
       coalesce(nullif(v.sex, 'total'), 'unknown') AS sex,
       coalesce(nullif(v.age_band, 'total'), 'unknown') AS age_band,
       coalesce(v.minor, 'unknown') AS minor,
       v.exploitation_form,
       v.citizenship,
       CASE coalesce(v.status, 'unknown') WHEN 'potential' THEN 'potential' WHEN 'identified' THEN 'identified'
            WHEN 'confirmed' THEN 'confirmed' WHEN 'presumed' THEN 'presumed' WHEN 'unknown' THEN 'presumed'
            ELSE 'reported' END AS counting_stage,
       coalesce(r.reference_date, 'unknown') AS reference_date
FROM core.victim v
JOIN core.counting s ON s.content_id = v.content_id
LEFT JOIN core.reference r ON r.agency = split_part(v.feed, '/', 1);

COMMENT ON VIEW core.victim_row IS
    'Victim records that count, now or as of core.as_of, one a row, by what marts count them by.';
COMMENT ON COLUMN core.victim_row.agency IS 'Kind of organisation.';
COMMENT ON COLUMN core.victim_row.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN core.victim_row.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN core.victim_row.delivery_id IS 'The delivery whose statement counts.';
COMMENT ON COLUMN core.victim_row.period IS 'Period of the record in the grain of the contract.';
COMMENT ON COLUMN core.victim_row.status IS 'Code list victim_status; unknown when not stated.';
COMMENT ON COLUMN core.victim_row.sex IS 'Code list sex; unknown when not stated.';
COMMENT ON COLUMN core.victim_row.age_band IS 'Code list age_band; unknown when not stated.';
COMMENT ON COLUMN core.victim_row.minor IS 'yes, no or unknown.';
COMMENT ON COLUMN core.victim_row.exploitation_form IS 'Code list exploitation_form: all that the record says.';
COMMENT ON COLUMN core.victim_row.citizenship IS 'ISO 3166-1 alpha-3 codes: all that the record says.';
COMMENT ON COLUMN core.victim_row.counting_stage IS 'At which stage it is counted: code list counting_stage.';
COMMENT ON COLUMN core.victim_row.reference_date IS 'Which day puts it into its period: code list reference_date.';
