CREATE VIEW mart.victims AS
SELECT split_part(v.feed, '/', 1) AS agency,
       v.feed,
       v.provider,
       s.period,
       coalesce(v.status, 'unknown') AS status,
       coalesce(nullif(v.sex, 'total'), 'unknown') AS sex,
       coalesce(nullif(v.age_band, 'total'), 'unknown') AS age_band,
       coalesce(v.minor, 'unknown') AS minor,
       coalesce(form.code, 'unknown') AS exploitation_form,
       coalesce(citizenship.code, 'unknown') AS citizenship,
       count(*) AS victim_records,
       'victim_record' AS counting_unit,
       CASE coalesce(v.status, 'unknown') WHEN 'potential' THEN 'potential' WHEN 'identified' THEN 'identified'
            WHEN 'confirmed' THEN 'confirmed' WHEN 'presumed' THEN 'presumed' WHEN 'unknown' THEN 'presumed'
            ELSE 'reported' END AS counting_stage,
       coalesce(r.reference_date, 'unknown') AS reference_date,
       v.feed AS source
FROM core.victim v
JOIN core.counting s ON s.content_id = v.content_id
LEFT JOIN core.reference r ON r.agency = split_part(v.feed, '/', 1)
LEFT JOIN LATERAL unnest(v.exploitation_form) AS form (code) ON true
LEFT JOIN LATERAL unnest(v.citizenship) AS citizenship (code) ON true
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, r.reference_date;
