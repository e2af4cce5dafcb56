CREATE VIEW mart.provider_quality AS
SELECT split_part(d.feed, '/', 1) AS agency,
       d.feed,
       d.provider,
       count(*) AS files,
       count(*) FILTER (WHERE d.status = 'refused') AS files_refused,
       sum(d.rows_read)::bigint AS rows_read,
       sum(d.rows_accepted)::bigint AS rows_accepted,
       sum(d.rows_quarantined)::bigint AS rows_quarantined,
       sum(d.rows_unchanged)::bigint AS rows_unchanged,
       'record' AS counting_unit,
       'reported' AS counting_stage,
       'receipt' AS reference_date,
       d.feed AS source
FROM ops.delivery d
WHERE d.live AND d.rows_read IS NOT NULL
GROUP BY d.feed, d.provider;
