CREATE VIEW mart.proceedings_cohort AS
WITH stage AS (
    SELECT p.*, coalesce(p.defendant_reference, p.record_id) AS defendant, array_position(ARRAY[
        'investigation', 'prosecution_review', 'judicial_inquiry', 'indicted', 'trial', 'judged', 'appeal',
        'cassation', 'closed'], p.stage) AS rank
    FROM core.proceeding p
    JOIN core.counting s ON s.content_id = p.content_id
    WHERE p.victim_reference IS NULL
), defendant AS (
    SELECT feed, provider, defendant,
           coalesce(to_char(min(received_on), 'YYYY'), 'unknown') AS year,
           (array_agg(court ORDER BY record_id) FILTER (WHERE court IS NOT NULL))[1] AS court,
           (array_agg(offence ORDER BY record_id) FILTER (WHERE offence IS NOT NULL))[1] AS offence,
           (array_agg(sex ORDER BY record_id) FILTER (WHERE sex IS NOT NULL))[1] AS sex,
           (array_agg(stage ORDER BY rank DESC) FILTER (WHERE rank IS NOT NULL))[1] AS furthest_stage,
           (array_agg(decision ORDER BY decided_on DESC NULLS LAST, record_id DESC)
               FILTER (WHERE decision IS NOT NULL))[1] AS decision
    FROM stage
    GROUP BY feed, provider, defendant
)
SELECT d.feed,
       d.provider,
       d.year,
       coalesce(d.court, 'unknown') AS court,
       coalesce(d.offence, 'unknown') AS offence,
       coalesce(nullif(d.sex, 'total'), 'unknown') AS sex,
       coalesce(d.furthest_stage, 'unknown') AS furthest_stage,
       coalesce(d.decision, 'none') AS decision,
       count(*) AS defendants,
       'defendant' AS counting_unit,
       CASE coalesce(d.decision, 'none') WHEN 'convicted' THEN 'convicted' WHEN 'acquitted' THEN 'acquitted' ELSE 'prosecuted' END AS counting_stage,
       'registration' AS reference_date,
       d.feed AS source
FROM defendant d
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
