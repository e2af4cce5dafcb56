CREATE VIEW mart.plan_monitoring AS
WITH activity AS (
    SELECT v.*, max(CASE WHEN s.version ~ '^\d{4}-\d{2}-\d{2}' THEN left(s.version, 10)::date END)
               OVER (PARTITION BY s.feed, s.provider) AS told_on
    FROM core.activity v
    JOIN core.counting s ON s.content_id = v.content_id
)
SELECT v.feed,
       v.provider,
       to_char(v.due_on, 'YYYY') AS year,
       coalesce(v.plan, 'unknown') AS plan,
       coalesce(v.axis, 'unknown') AS axis,
       coalesce(v.kind, 'unknown') AS kind,
       coalesce(v.unit, 'unknown') AS unit_of_target,
       progress.state,
       count(*) AS activities,
       sum(v.target) AS target,
       sum(v.achieved) AS achieved,
       'activity' AS counting_unit,
       CASE WHEN progress.state IN ('done_in_time', 'done_late', 'done_undated') THEN 'done' ELSE 'planned' END AS counting_stage,
       'due' AS reference_date,
       v.feed AS source
FROM activity v
CROSS JOIN LATERAL (
    SELECT CASE WHEN v.status = 'done' AND v.done_on <= v.due_on THEN 'done_in_time'
                WHEN v.status = 'done' AND v.done_on > v.due_on THEN 'done_late'
                WHEN v.status = 'done' THEN 'done_undated'
                WHEN v.status = 'dropped' THEN 'dropped'
                WHEN v.due_on < v.told_on THEN 'late'
                ELSE 'open' END AS state
) AS progress
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
