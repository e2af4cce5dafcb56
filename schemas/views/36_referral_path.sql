CREATE VIEW mart.referral_path AS
SELECT coalesce(to_char(p.met_on, 'YYYY'), 'unknown') AS year,
       step.kind AS step,
       count(*) AS persons,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY step.day::date - p.met_on) AS median_days,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY step.day::date - p.met_on) AS nine_of_ten_days,
       'victim' AS counting_unit,
       'presumed' AS counting_stage,
       'detection' AS reference_date,
       'register' AS source
FROM register.counted p
CROSS JOIN LATERAL jsonb_each_text(p.steps) AS step (kind, day)
GROUP BY 1, 2;
