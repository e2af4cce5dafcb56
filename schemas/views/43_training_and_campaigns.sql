CREATE VIEW mart.training_and_campaigns AS
SELECT v.feed,
       v.provider,
       to_char(v.done_on, 'YYYY') AS year,
       v.kind,
       coalesce(v.region, 'unknown') AS region,
       coalesce(v.audience, 'unknown') AS audience,
       coalesce(v.unit, 'unknown') AS unit_of_target,
       count(*) AS activities,
       sum(v.women)::bigint AS women,
       sum(v.men)::bigint AS men,
       sum(v.achieved) AS achieved,
       'activity' AS counting_unit,
       'done' AS counting_stage,
       'done' AS reference_date,
       v.feed AS source
FROM core.activity v
JOIN core.counting s ON s.content_id = v.content_id
WHERE v.kind IN ('training', 'campaign') AND v.done_on IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7;
