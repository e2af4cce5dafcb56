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
