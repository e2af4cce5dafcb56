CREATE VIEW core.reference AS
SELECT agency, reference_date
FROM (VALUES ('police', 'detection'), ('customs', 'detection'), ('justice', 'registration'), ('ngo', 'service'),
             ('commission', 'due'), ('partner', 'detection')) AS rule (agency, reference_date);

COMMENT ON VIEW core.reference IS 'Which day puts the records of an agency into their periods, as its contracts say.';
COMMENT ON COLUMN core.reference.agency IS 'Kind of organisation: police, customs, justice, ngo …';
COMMENT ON COLUMN core.reference.reference_date IS 'Code list reference_date.';
