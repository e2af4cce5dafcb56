CREATE VIEW mart.hotline AS
SELECT v.feed,
       v.provider,
       s.period,
       coalesce(v.kind, 'unknown') AS kind,
       coalesce(v.channel, 'unknown') AS channel,
       coalesce(v.reporter, 'unknown') AS reporter,
       coalesce(v.presumed_victim, 'unknown') AS presumed_victim,
       coalesce(v.outcome, 'unknown') AS outcome,
       count(*) AS calls,
       sum(v.persons)::bigint AS persons_concerned,
       sum(v.minors)::bigint AS minors_concerned,
       'communication' AS counting_unit,
       'reported' AS counting_stage,
       'contact' AS reference_date,
       v.feed AS source
FROM core.contact v
JOIN core.counting s ON s.content_id = v.content_id
WHERE v.kind IS DISTINCT FROM 'border'
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
