CREATE VIEW mart.victim_totals AS
SELECT agency, feed, provider, period, status, sex, age_band, minor,
       count(*) AS victim_records,
       'victim_record' AS counting_unit,
       counting_stage,
       reference_date,
       feed AS source
FROM core.victim_row
GROUP BY agency, feed, provider, period, status, sex, age_band, minor, counting_stage, reference_date;
