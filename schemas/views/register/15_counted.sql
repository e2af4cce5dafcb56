CREATE VIEW register.counted AS
SELECT h.person_id, h.met_on, h.status, h.sex, h.age_band, h.minor, h.region, h.citizenship, h.exploitation_form, h.steps
FROM register.past h CROSS JOIN core.as_of t
WHERE CASE WHEN t.before IS NULL THEN h.until IS NULL
           ELSE h.since < t.before AND coalesce(h.until >= t.before, true) END;

COMMENT ON VIEW register.counted IS 'Registered persons as statistics count them: now, or as of the moment of core.as_of.';
COMMENT ON COLUMN register.counted.person_id IS 'Random and stable.';
COMMENT ON COLUMN register.counted.met_on IS 'First day that anybody met her.';
COMMENT ON COLUMN register.counted.status IS 'Code list victim_status: what counted.';
COMMENT ON COLUMN register.counted.sex IS 'Code list sex.';
COMMENT ON COLUMN register.counted.age_band IS 'Code list age_band, when first met.';
COMMENT ON COLUMN register.counted.minor IS 'yes, no or unknown: under 18 when first met.';
COMMENT ON COLUMN register.counted.region IS 'Code list region.';
COMMENT ON COLUMN register.counted.citizenship IS 'ISO 3166-1 alpha-3 codes.';
COMMENT ON COLUMN register.counted.exploitation_form IS 'Code list exploitation_form: all that any record says.';
COMMENT ON COLUMN register.counted.steps IS 'Kind of step of the referral mechanism and its first day.';
