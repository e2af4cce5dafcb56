CREATE VIEW mart.shelter_occupancy AS
WITH stay AS (
    SELECT s.feed, s.provider, v.shelter, v.victim_reference, v.capacity, v.started_on, v.content_id,
           -- Who has not left stays at least up to the day of her sender's last file.
           coalesce(v.ended_on, max(CASE WHEN s.version ~ '^\d{4}-\d{2}-\d{2}' THEN left(s.version, 10)::date END)
               OVER (PARTITION BY s.feed, s.provider), v.started_on) AS until
    FROM core.service v
    JOIN core.counting s ON s.content_id = v.content_id
    WHERE v.shelter IS NOT NULL AND v.started_on IS NOT NULL
), place AS (
    SELECT feed, provider, shelter,
           (array_agg(capacity ORDER BY started_on DESC, content_id) FILTER (WHERE capacity IS NOT NULL))[1] AS capacity
    FROM stay GROUP BY feed, provider, shelter
)
SELECT y.feed,
       y.provider,
       y.shelter,
       to_char(month.first, 'YYYY-MM') AS period,
       max(p.capacity) AS capacity,
       count(*) AS stays,
       count(DISTINCT y.victim_reference) AS guests,
       sum(least(y.until, month.next) - greatest(y.started_on, month.first))::bigint AS nights,
       max(p.capacity * (month.next - month.first)) AS nights_offered,
       'place' AS counting_unit,
       'assisted' AS counting_stage,
       'service' AS reference_date,
       y.feed AS source
FROM stay y
JOIN place p USING (feed, provider, shelter)
CROSS JOIN LATERAL (
    SELECT first::date, (first + interval '1 month')::date AS next
    FROM generate_series(date_trunc('month', y.started_on::timestamp), y.until::timestamp, interval '1 month') AS first
) AS month
GROUP BY y.feed, y.provider, y.shelter, month.first;
