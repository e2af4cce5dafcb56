CREATE VIEW register.person_row AS
SELECT p.person_id,
       coalesce(to_char(p.year, 'FM0000'), 'unknown') AS year,
       p.status,
       coalesce(nullif(p.sex, 'total'), 'unknown') AS sex,
       coalesce(nullif(p.age_band, 'total'), 'unknown') AS age_band,
       coalesce(p.minor, 'unknown') AS minor,
       coalesce(p.region, 'unknown') AS region,
       coalesce(CASE WHEN cardinality(f.codes) > 1 THEN 'several' ELSE f.codes[1] END, 'unknown') AS exploitation_form,
       coalesce(CASE WHEN cardinality(p.citizenship) > 1 THEN 'several' ELSE p.citizenship[1] END, 'unknown') AS citizenship
FROM register.counted p
LEFT JOIN (
    SELECT told.exploitation_form, array_agg(DISTINCT coalesce(nullif(c.parent, ''), form.code)) AS codes
    FROM (SELECT DISTINCT exploitation_form FROM register.counted) AS told
    CROSS JOIN unnest(told.exploitation_form) AS form (code)
    LEFT JOIN ref.code c ON c.scheme = 'exploitation_form' AND c.code = form.code
    GROUP BY told.exploitation_form
) AS f USING (exploitation_form);

COMMENT ON VIEW register.person_row IS
    'Persons as statistics count them, now or as of core.as_of, one a row, by what mart.persons counts them by.';
COMMENT ON COLUMN register.person_row.person_id IS 'Random and stable.';
COMMENT ON COLUMN register.person_row.year IS 'Year in which anybody first met her.';
COMMENT ON COLUMN register.person_row.status IS 'Code list victim_status: what counts.';
COMMENT ON COLUMN register.person_row.sex IS 'Code list sex; unknown when not stated.';
COMMENT ON COLUMN register.person_row.age_band IS 'Code list age_band, when first met.';
COMMENT ON COLUMN register.person_row.minor IS 'yes, no or unknown: under 18 when first met.';
COMMENT ON COLUMN register.person_row.region IS 'Code list region.';
COMMENT ON COLUMN register.person_row.exploitation_form IS 'First level of the code list; several for more than one.';
COMMENT ON COLUMN register.person_row.citizenship IS 'ISO 3166-1 alpha-3 code; several for more than one.';
