CREATE VIEW register.counted AS
SELECT h.person_id, h.year, h.status, h.sex, h.age_band, h.minor, h.region, h.citizenship, h.exploitation_form, h.steps
FROM register.past h
-- A query of its own is asked once; joined, the setting would be read for each row.
WHERE CASE WHEN (SELECT before FROM core.as_of) IS NULL THEN h.until IS NULL
           ELSE h.since < (SELECT before FROM core.as_of) AND coalesce(h.until >= (SELECT before FROM core.as_of), true) END;

COMMENT ON VIEW register.counted IS 'Registered persons as statistics count them: now, or as of the moment of core.as_of.';
COMMENT ON COLUMN register.counted.person_id IS 'Random and stable.';
COMMENT ON COLUMN register.counted.year IS 'When anybody first met her.';
COMMENT ON COLUMN register.counted.status IS 'Code list victim_status: what counted.';
COMMENT ON COLUMN register.counted.sex IS 'Code list sex.';
COMMENT ON COLUMN register.counted.age_band IS 'Code list age_band, when first met.';
COMMENT ON COLUMN register.counted.minor IS 'yes, no or unknown: under 18 when first met.';
COMMENT ON COLUMN register.counted.region IS 'Code list region.';
COMMENT ON COLUMN register.counted.citizenship IS 'ISO 3166-1 alpha-3 codes.';
COMMENT ON COLUMN register.counted.exploitation_form IS 'Code list exploitation_form: all that any record says.';
COMMENT ON COLUMN register.counted.steps IS 'Kind of step of the referral mechanism, and days from the first meeting to the first of it; met, 0, has everybody.';
