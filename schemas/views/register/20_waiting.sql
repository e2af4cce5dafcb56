CREATE VIEW register.waiting WITH (security_invoker) AS
WITH met AS (
    SELECT person_id, min(began_on) AS met_on FROM register.step WHERE began_on IS NOT NULL GROUP BY person_id
), reached AS (
    SELECT person_id, kind, min(began_on) AS reached_on
    FROM register.step WHERE began_on IS NOT NULL AND kind <> 'detection' GROUP BY person_id, kind
)
SELECT r.kind, count(*) AS persons,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY r.reached_on - m.met_on) AS median_days,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY r.reached_on - m.met_on) AS nine_of_ten_days,
       max(r.reached_on - m.met_on) AS longest_days
FROM met m JOIN reached r USING (person_id)
GROUP BY r.kind;

COMMENT ON VIEW register.waiting IS
    'How long persons wait from the first day anybody met them to the first step of each kind. Not for publishing: small numbers are not hidden.';
COMMENT ON COLUMN register.waiting.kind IS 'Kind of step, as in register.path.';
COMMENT ON COLUMN register.waiting.persons IS 'Persons who came so far, on a known day.';
COMMENT ON COLUMN register.waiting.median_days IS 'Half of them waited no longer.';
COMMENT ON COLUMN register.waiting.nine_of_ten_days IS 'Nine of ten waited no longer.';
COMMENT ON COLUMN register.waiting.longest_days IS 'Longest wait.';
