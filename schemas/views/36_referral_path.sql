CREATE VIEW mart.referral_path AS
WITH waited AS (
    SELECT year, step, days, sum(persons) OVER (PARTITION BY year, step ORDER BY days) AS place,
           sum(persons) OVER (PARTITION BY year, step) AS persons,
           sum(persons) FILTER (WHERE step = 'met') OVER (PARTITION BY year) AS met
    FROM register.delay
), asked AS (
    -- As percentile_cont: between the two nearest persons, by the share of the way from one to the other.
    SELECT year, step, persons, met, share, share * (persons - 1)::double precision AS wanted,
           min(days) FILTER (WHERE place > floor(share * (persons - 1)::double precision)) AS lower,
           min(days) FILTER (WHERE place > ceil(share * (persons - 1)::double precision)) AS upper
    FROM waited CROSS JOIN (VALUES (0.5::double precision), (0.9)) AS part (share)
    WHERE step <> 'met'
    GROUP BY year, step, persons, met, share
), told AS (
    SELECT year, step, persons, met, share, lower + (wanted - floor(wanted)) * (upper - lower) AS days FROM asked
)
SELECT to_char(t.year, 'FM0000') AS year,
       t.step,
       t.persons::bigint AS persons,
       t.met::bigint AS persons_met,
       max(t.days) FILTER (WHERE t.share = 0.5) AS median_days,
       max(t.days) FILTER (WHERE t.share = 0.9) AS nine_of_ten_days,
       'victim' AS counting_unit,
       'presumed' AS counting_stage,
       'detection' AS reference_date,
       'register' AS source
FROM told t
GROUP BY t.year, t.step, t.persons, t.met;
