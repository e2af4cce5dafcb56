CREATE VIEW core.delivered_victims AS
SELECT delivery_id, agency, feed, provider, period, status, sex, age_band, minor, count(*) AS victim_records
FROM core.victim_row
GROUP BY delivery_id, agency, feed, provider, period, status, sex, age_band, minor;

COMMENT ON VIEW core.delivered_victims IS
    'mart.victim_totals by the delivery whose statement counts: where a published number comes from.';
COMMENT ON COLUMN core.delivered_victims.delivery_id IS 'The delivery whose statements count.';
COMMENT ON COLUMN core.delivered_victims.agency IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.feed IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.provider IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.period IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.status IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.sex IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.age_band IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.minor IS 'As in mart.victim_totals.';
COMMENT ON COLUMN core.delivered_victims.victim_records IS 'Number of victim records.';
