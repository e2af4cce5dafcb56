CREATE VIEW mart.persons AS
WITH person AS (
    SELECT h.*, coalesce(to_char(h.met_on, 'YYYY'), 'unknown') AS year,
           (SELECT array_agg(DISTINCT coalesce(nullif(c.parent, ''), form.code))
            FROM unnest(h.exploitation_form) AS form (code)
            LEFT JOIN ref.code c ON c.scheme = 'exploitation_form' AND c.code = form.code) AS forms
    FROM register.counted h
)
SELECT p.year,
       p.status,
       coalesce(nullif(p.sex, 'total'), 'unknown') AS sex,
       coalesce(nullif(p.age_band, 'total'), 'unknown') AS age_band,
       coalesce(p.minor, 'unknown') AS minor,
       coalesce(p.region, 'unknown') AS region,
       coalesce(CASE WHEN cardinality(p.forms) > 1 THEN 'several' ELSE p.forms[1] END, 'unknown') AS exploitation_form,
       coalesce(CASE WHEN cardinality(p.citizenship) > 1 THEN 'several' ELSE p.citizenship[1] END, 'unknown') AS citizenship,
       count(*) AS persons,
       'victim' AS counting_unit,
       CASE WHEN p.status IN ('potential', 'presumed', 'identified', 'confirmed')
            THEN p.status ELSE 'reported' END AS counting_stage,
       'detection' AS reference_date,
       'register' AS source
FROM person p
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
