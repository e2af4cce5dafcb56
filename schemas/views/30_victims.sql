CREATE VIEW mart.victims AS
SELECT v.agency, v.feed, v.provider, v.period, v.status, v.sex, v.age_band, v.minor,
       coalesce(form.code, 'unknown') AS exploitation_form,
       coalesce(citizenship.code, 'unknown') AS citizenship,
       count(*) AS victim_records,
       'victim_record' AS counting_unit,
       v.counting_stage,
       v.reference_date,
       v.feed AS source
FROM core.victim_row v
LEFT JOIN LATERAL unnest(v.exploitation_form) AS form (code) ON true
LEFT JOIN LATERAL unnest(v.citizenship) AS citizenship (code) ON true
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, v.counting_stage, v.reference_date;
