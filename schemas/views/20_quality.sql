CREATE VIEW mart.quality AS
SELECT d.feed,
       split_part(d.feed, '/', 1) AS agency,
       d.provider,
       d.period,
       f.rule,
       f.severity,
       r.message_fr,
       r.message_ar,
       r.message_en,
       count(*) AS findings,
       count(f.content_id) - count(j.rule) AS to_justify,
       count(j.rule) AS justified,
       count(DISTINCT d.delivery_id) AS deliveries,
       sum(count(*)) OVER (PARTITION BY d.feed, d.provider, d.period) AS findings_of_period,
       'finding' AS counting_unit,
       'reported' AS counting_stage,
       'receipt' AS reference_date,
       d.feed AS source
FROM quarantine.finding f
JOIN ops.delivery d USING (delivery_id)
LEFT JOIN ops.justification j ON j.content_id = f.content_id AND j.rule = f.rule
LEFT JOIN LATERAL (
    -- Some rules stand both in the feed's suite and in the catalogue for all feeds (''): the feed's own text counts.
    SELECT r.message_fr, r.message_ar, r.message_en FROM ref.rule r
    WHERE r.rule = f.rule AND r.feed IN (d.feed, '') ORDER BY r.feed DESC LIMIT 1
) r ON true
WHERE d.live
GROUP BY d.feed, d.provider, d.period, f.rule, f.severity, r.message_fr, r.message_ar, r.message_en;
