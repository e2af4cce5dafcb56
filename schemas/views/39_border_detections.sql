CREATE VIEW mart.border_detections AS
SELECT v.feed,
       v.provider,
       s.period,
       coalesce(v.border_post, 'unknown') AS border_post,
       coalesce(v.direction, 'unknown') AS direction,
       coalesce(v.presumed_victim, 'unknown') AS presumed_victim,
       coalesce(v.offence, 'unknown') AS offence,
       coalesce(nullif(v.sex, 'total'), 'unknown') AS sex,
       coalesce(v.referred_to, 'unknown') AS referred_to,
       coalesce(CASE WHEN cardinality(v.citizenship) > 1 THEN 'several' ELSE v.citizenship[1] END, 'unknown') AS citizenship,
       count(*) AS detections,
       'detection' AS counting_unit,
       CASE coalesce(v.presumed_victim, 'unknown') WHEN 'yes' THEN 'presumed' ELSE 'reported' END AS counting_stage,
       'detection' AS reference_date,
       v.feed AS source
FROM core.contact v
JOIN core.counting s ON s.content_id = v.content_id
WHERE v.kind = 'border'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
