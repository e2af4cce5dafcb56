CREATE VIEW register.shelter AS
SELECT s.provider, s.shelter,
       (array_agg(s.capacity ORDER BY s.started_on DESC NULLS LAST, s.content_id)
           FILTER (WHERE s.capacity IS NOT NULL))[1] AS places,
       count(*) FILTER (WHERE s.started_on IS NOT NULL AND s.ended_on IS NULL) AS stay
FROM core.service s
JOIN core.sighting k ON k.content_id = s.content_id AND k.current
WHERE s.shelter IS NOT NULL
GROUP BY s.provider, s.shelter;

COMMENT ON VIEW register.shelter IS
    'Shelters with their places and who stays there now. Not for publishing: small numbers are not hidden.';
COMMENT ON COLUMN register.shelter.provider IS 'Body that runs it.';
COMMENT ON COLUMN register.shelter.shelter IS 'Code of the shelter, never its address.';
COMMENT ON COLUMN register.shelter.places IS 'As told with the stay that began last.';
COMMENT ON COLUMN register.shelter.stay IS 'Stays that began and have no last day.';
