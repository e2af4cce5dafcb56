CREATE VIEW register.path WITH (security_invoker) AS
WITH taken AS (
    SELECT person_id, kind, began_on, ended_on, provider, feed, item, detail, consent, NULL::uuid AS referral_id
    FROM register.step
    UNION ALL
    SELECT person_id, 'referral_to', sent_at::date, ended_at::date, provider, NULL, 0, to_provider, NULL, referral_id
    FROM register.referral
)
SELECT s.person_id, row_number() OVER way AS place, s.kind, s.began_on, s.ended_on, s.provider, s.feed,
       s.detail, s.consent, s.referral_id, s.began_on - lag(s.began_on) OVER way AS days
FROM taken s
WINDOW way AS (
    PARTITION BY s.person_id
    ORDER BY s.began_on NULLS LAST, array_position(ARRAY[
        'detection', 'referral_from', 'court', 'identification', 'protection', 'referral_to', 'shelter', 'service',
        'return', 'reintegration'], s.kind::text), s.provider, s.feed, s.item, s.ended_on, s.detail, s.consent,
             s.referral_id);

COMMENT ON VIEW register.path IS
    'The way of each registered person through the national referral mechanism, step by step, with the days between.';
COMMENT ON COLUMN register.path.person_id IS 'Random and stable.';
COMMENT ON COLUMN register.path.place IS 'Number of the step, from 1; undated steps come last.';
COMMENT ON COLUMN register.path.kind IS
    'detection, referral_from, court (seised), identification, protection, referral_to, shelter, service, return, reintegration.';
COMMENT ON COLUMN register.path.began_on IS 'Day of the step; empty where the agency gives none.';
COMMENT ON COLUMN register.path.ended_on IS 'Last day of a service, a stay or a referral sent in the pages, once it is over.';
COMMENT ON COLUMN register.path.provider IS 'Sending body that tells of it.';
COMMENT ON COLUMN register.path.feed IS 'Dataset that the source record stands in; empty for what was sent in the pages.';
COMMENT ON COLUMN register.path.detail IS
    'Service given, code of the shelter, who referred or was referred to, who decided, how she was detected, country returned to; of what was sent in the pages the body it went to.';
COMMENT ON COLUMN register.path.consent IS 'Code list consent: hers to this, as the record says it.';
COMMENT ON COLUMN register.path.referral_id IS 'Row of register.referral: what was sent in the pages, with its answer.';
COMMENT ON COLUMN register.path.days IS 'Days since the step before.';
