CREATE VIEW mart.records AS
SELECT split_part(s.feed, '/', 1) AS agency,
       s.feed,
       s.provider,
       s.period,
       count(*) AS records,
       max(s.recorded_at) AS newest,
       'record' AS counting_unit,
       'reported' AS counting_stage,
       coalesce(r.reference_date, 'unknown') AS reference_date,
       s.feed AS source
FROM core.counting s
LEFT JOIN core.reference r ON r.agency = split_part(s.feed, '/', 1)
GROUP BY s.feed, s.provider, s.period, r.reference_date;
