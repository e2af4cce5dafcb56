CREATE VIEW register.delay AS
SELECT h.year, h.step, h.days, h.persons
FROM register.reached h CROSS JOIN core.as_of t
WHERE t.before IS NULL
UNION ALL
SELECT h.year, step.kind, step.days::integer, count(*)
FROM register.counted h CROSS JOIN core.as_of t CROSS JOIN jsonb_each(h.steps) AS step (kind, days)
WHERE t.before IS NOT NULL
GROUP BY 1, 2, 3;

COMMENT ON VIEW register.delay IS 'How many registered persons came to a step after so many days: now, or as of the moment of core.as_of.';
COMMENT ON COLUMN register.delay.year IS 'When anybody first met them.';
COMMENT ON COLUMN register.delay.step IS 'Kind of step of the referral mechanism; met: all that were met.';
COMMENT ON COLUMN register.delay.days IS 'From the first day that anybody met them to the first of the step.';
COMMENT ON COLUMN register.delay.persons IS 'How many.';
