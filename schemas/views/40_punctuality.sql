CREATE VIEW mart.punctuality AS
SELECT e.feed,
       split_part(e.feed, '/', 1) AS agency,
       e.provider,
       e.period,
       e.starts_on,
       e.ends_on,
       e.due_on,
       e.state,
       e.received_on,
       e.days_late,
       e.as_of
FROM ref.expected e;

COMMENT ON VIEW mart.punctuality IS
    'One row for each delivery that was expected: a feed, a provider and a period, and whether it came in time.';
COMMENT ON COLUMN mart.punctuality.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN mart.punctuality.agency IS 'Kind of organisation: police, customs, justice, ngo, commission, partner.';
COMMENT ON COLUMN mart.punctuality.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN mart.punctuality.period IS
    'Period in the cadence of the contract: 2025-03-15, 2025-W11 (ISO week), 2025-03, 2025-Q1, 2025.';
COMMENT ON COLUMN mart.punctuality.starts_on IS 'First day of the period.';
COMMENT ON COLUMN mart.punctuality.ends_on IS 'Last day of the period.';
COMMENT ON COLUMN mart.punctuality.due_on IS 'Day the delivery is due: end of the period and the days of grace.';
COMMENT ON COLUMN mart.punctuality.state IS
    'received, quiet (nothing to report), open (the period runs), due (it is over), or late (the due day is over).';
COMMENT ON COLUMN mart.punctuality.received_on IS 'Day the first accepted delivery that speaks of the period came.';
COMMENT ON COLUMN mart.punctuality.days_late IS
    'Days from the due day to the day it came, or to as_of where nothing came; 0 when in time or quiet.';
COMMENT ON COLUMN mart.punctuality.as_of IS 'Day on which this was computed.';
