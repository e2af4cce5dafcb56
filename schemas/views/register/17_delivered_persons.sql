CREATE VIEW register.delivered_persons AS
SELECT s.delivery_id, s.feed, s.provider, p.year, p.status, p.sex, p.age_band, p.minor, p.region, p.exploitation_form, p.citizenship,
       count(DISTINCT p.person_id) AS persons
FROM register.person_row p
JOIN register.record r USING (person_id)
JOIN core.counting s ON (s.feed, s.provider, s.record_id) = (r.feed, r.provider, r.record_id)
GROUP BY s.delivery_id, s.feed, s.provider, p.year, p.status, p.sex, p.age_band, p.minor, p.region, p.exploitation_form, p.citizenship;

COMMENT ON VIEW register.delivered_persons IS
    'mart.persons by the deliveries that speak of them: where a published number comes from. Who stands in several deliveries is in each of them.';
COMMENT ON COLUMN register.delivered_persons.delivery_id IS 'A delivery whose statement on the person counts.';
COMMENT ON COLUMN register.delivered_persons.feed IS 'Dataset that the agency sends, agency/name.';
COMMENT ON COLUMN register.delivered_persons.provider IS 'Sending body inside the agency.';
COMMENT ON COLUMN register.delivered_persons.year IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.status IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.sex IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.age_band IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.minor IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.region IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.exploitation_form IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.citizenship IS 'As in mart.persons.';
COMMENT ON COLUMN register.delivered_persons.persons IS 'Number of persons, each once a delivery.';
