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
