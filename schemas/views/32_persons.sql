CREATE VIEW mart.persons AS
SELECT year, status, sex, age_band, minor, region, exploitation_form, citizenship,
       count(*) AS persons,
       'victim' AS counting_unit,
       CASE WHEN status IN ('potential', 'presumed', 'identified', 'confirmed') THEN status ELSE 'reported' END AS counting_stage,
       'detection' AS reference_date,
       'register' AS source
FROM register.person_row
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
