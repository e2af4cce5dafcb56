CREATE VIEW mart.suspects AS
SELECT split_part(v.feed, '/', 1) AS agency,
       v.feed,
       v.provider,
       s.period,
       coalesce(nullif(v.sex, 'total'), 'unknown') AS sex,
       coalesce(nullif(v.age_band, 'total'), 'unknown') AS age_band,
       coalesce(v.minor, 'unknown') AS minor,
       coalesce(v.offence, 'unknown') AS offence,
       coalesce(CASE WHEN cardinality(v.citizenship) > 1 THEN 'several' ELSE v.citizenship[1] END, 'unknown') AS citizenship,
       count(*) AS suspect_records,
       'suspect_record' AS counting_unit,
       'formal_contact' AS counting_stage,
       'contact' AS reference_date,
       v.feed AS source
FROM core.suspect v
JOIN core.counting s ON s.content_id = v.content_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
