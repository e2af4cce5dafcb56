CREATE VIEW mart.persons AS
WITH form AS (
    SELECT told.exploitation_form, array_agg(DISTINCT coalesce(nullif(c.parent, ''), form.code)) AS codes
    FROM (SELECT DISTINCT exploitation_form FROM register.counted) AS told
    CROSS JOIN unnest(told.exploitation_form) AS form (code)
    LEFT JOIN ref.code c ON c.scheme = 'exploitation_form' AND c.code = form.code
    GROUP BY told.exploitation_form
)
SELECT coalesce(to_char(p.year, 'FM0000'), 'unknown') AS year,
       p.status,
       coalesce(nullif(p.sex, 'total'), 'unknown') AS sex,
       coalesce(nullif(p.age_band, 'total'), 'unknown') AS age_band,
       coalesce(p.minor, 'unknown') AS minor,
       coalesce(p.region, 'unknown') AS region,
       coalesce(CASE WHEN cardinality(f.codes) > 1 THEN 'several' ELSE f.codes[1] END, 'unknown') AS exploitation_form,
       coalesce(CASE WHEN cardinality(p.citizenship) > 1 THEN 'several' ELSE p.citizenship[1] END, 'unknown') AS citizenship,
       count(*) AS persons,
       'victim' AS counting_unit,
       CASE WHEN p.status IN ('potential', 'presumed', 'identified', 'confirmed')
            THEN p.status ELSE 'reported' END AS counting_stage,
       'detection' AS reference_date,
       'register' AS source
FROM register.counted p
LEFT JOIN form f USING (exploitation_form)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
