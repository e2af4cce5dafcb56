CREATE VIEW core.as_of AS
SELECT CASE WHEN said ~ '^\d{4}-\d{2}-\d{2}$' THEN (said::date + 1)::timestamp AT TIME ZONE 'UTC'
            ELSE said::timestamptz END AS before
FROM (SELECT nullif(current_setting('marsad.as_of', true), '') AS said) AS setting;

COMMENT ON VIEW core.as_of IS
    'The moment up to which things were known that marts tell of: what was asked by SET marsad.as_of, a day (its end, UTC) or a moment.';
COMMENT ON COLUMN core.as_of.before IS 'What was recorded from then on does not count; empty: all that is known now.';
