CREATE VIEW mart.proceedings_period AS
SELECT p.feed,
       p.provider,
       to_char(event.day, 'YYYY') AS year,
       event.name AS event,
       coalesce(p.court, 'unknown') AS court,
       coalesce(p.offence, 'unknown') AS offence,
       coalesce(nullif(p.sex, 'total'), 'unknown') AS sex,
       coalesce(p.instance, 'unknown') AS instance,
       event.decision,
       count(*) AS proceedings,
       event.counting_unit,
       CASE WHEN event.decision = 'convicted' AND coalesce(p.instance, 'unknown') = 'first' THEN 'convicted_first'
            WHEN event.decision IN ('convicted', 'acquitted') THEN event.decision
            ELSE 'prosecuted' END AS counting_stage,
       event.reference_date,
       p.feed AS source
FROM core.proceeding p
JOIN core.counting s ON s.content_id = p.content_id
CROSS JOIN LATERAL (VALUES
    ('registered', p.received_on, 'none', 'proceeding', 'registration'),
    ('indicted', p.indicted_on, 'none', 'proceeding', 'indictment'),
    ('decided', p.decided_on, coalesce(p.decision, 'unknown'), 'decision', 'decision')
) AS event (name, day, decision, counting_unit, reference_date)
WHERE p.victim_reference IS NULL AND event.day IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, event.counting_unit, event.reference_date;
