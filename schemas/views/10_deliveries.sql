CREATE VIEW mart.deliveries AS
SELECT d.feed,
       split_part(d.feed, '/', 1) AS agency,
       d.provider,
       d.delivery_id,
       d.period,
       d.first_received_at AS received_at,
       d.finished_at,
       d.status,
       d.live,
       d.contract_version,
       d.rows_read,
       d.rows_accepted,
       d.rows_quarantined,
       d.rows_unchanged,
       (SELECT count(*) FROM ops.arrival a WHERE a.delivery_id = d.delivery_id) AS times_received
FROM ops.delivery d;

COMMENT ON VIEW mart.deliveries IS
    'One row a delivery: one content of a feed from a provider, judged under one contract and suite version.';
COMMENT ON COLUMN mart.deliveries.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN mart.deliveries.agency IS 'Kind of organisation: police, customs, justice, ngo, commission, partner.';
COMMENT ON COLUMN mart.deliveries.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN mart.deliveries.delivery_id IS 'Number of the delivery, also on its receipt and reports.';
COMMENT ON COLUMN mart.deliveries.period IS 'Period with most rows, in the grain of the contract (2025-03, 2025-Q1, 2025).';
COMMENT ON COLUMN mart.deliveries.received_at IS 'When the bytes first arrived.';
COMMENT ON COLUMN mart.deliveries.finished_at IS 'When the verdict was committed; empty while the delivery waits.';
COMMENT ON COLUMN mart.deliveries.status IS
    'received (waits), accepted, accepted_with_findings, refused, superseded (the same content was judged again) or retracted (withdrawn as a whole later).';
COMMENT ON COLUMN mart.deliveries.live IS 'Whether its content is judged by it now: neither superseded nor retracted.';
COMMENT ON COLUMN mart.deliveries.contract_version IS 'Version of the contract it was judged under.';
COMMENT ON COLUMN mart.deliveries.rows_read IS 'Data rows in the file = accepted + quarantined + unchanged.';
COMMENT ON COLUMN mart.deliveries.rows_accepted IS 'Rows that brought something new.';
COMMENT ON COLUMN mart.deliveries.rows_quarantined IS 'Rows refused and kept until corrected; all rows of a refused file.';
COMMENT ON COLUMN mart.deliveries.rows_unchanged IS 'Rows that state what the warehouse already knew.';
COMMENT ON COLUMN mart.deliveries.times_received IS 'How often the same bytes arrived.';
