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
       sum(count(*)) OVER (PARTITION BY d.feed, d.provider, d.period) AS findings_of_period
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

COMMENT ON VIEW mart.quality IS
    'Findings by feed, provider, period and rule, of the newest judgement of each content. A finding is one broken rule at one place; values are never shown.';
COMMENT ON COLUMN mart.quality.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN mart.quality.agency IS 'Kind of organisation: police, customs, justice, ngo, commission, partner.';
COMMENT ON COLUMN mart.quality.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN mart.quality.period IS 'Period with most rows of the delivery; empty when a file could not be read.';
COMMENT ON COLUMN mart.quality.rule IS 'Id of the rule in the feed''s expectation suite or in schemas/messages.yaml.';
COMMENT ON COLUMN mart.quality.severity IS 'critical (row or file refused), warning (let through), info (repaired).';
COMMENT ON COLUMN mart.quality.message_fr IS 'What the agency reads, in French.';
COMMENT ON COLUMN mart.quality.message_ar IS 'What the agency reads, in Arabic.';
COMMENT ON COLUMN mart.quality.message_en IS 'What the agency reads, in English.';
COMMENT ON COLUMN mart.quality.findings IS 'Number of findings of this rule.';
COMMENT ON COLUMN mart.quality.to_justify IS
    'Findings on recorded rows that ask for a reason (the value may be right) and have none yet.';
COMMENT ON COLUMN mart.quality.justified IS
    'Findings on recorded rows for which the sender gave a reason: in the file, on the page, or earlier for the same state of the record.';
COMMENT ON COLUMN mart.quality.deliveries IS 'Number of deliveries in which the rule was broken.';
COMMENT ON COLUMN mart.quality.findings_of_period IS 'All findings of the same feed, provider and period.';
