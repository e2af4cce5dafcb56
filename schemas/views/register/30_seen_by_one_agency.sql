CREATE VIEW register.seen_by_one_agency WITH (security_invoker) AS
SELECT p.person_id, min(split_part(r.feed, '/', 1)) AS agency, count(DISTINCT r.provider) AS providers,
       count(*) AS records, min(b.first_seen) AS first_seen, max(b.last_seen) AS last_seen, min(s.status) AS status,
       p.purpose
FROM register.person p
JOIN register.record r USING (person_id)
JOIN register.seen_by b ON b.person_id = r.person_id AND b.provider = r.provider
JOIN register.status s ON s.person_id = p.person_id AND s.current
GROUP BY p.person_id, p.purpose
HAVING count(DISTINCT split_part(r.feed, '/', 1)) = 1;

COMMENT ON VIEW register.seen_by_one_agency IS
    'Registered persons whom one agency alone knows: nobody else was told, or linkage did not find them again.';
COMMENT ON COLUMN register.seen_by_one_agency.person_id IS 'Random and stable.';
COMMENT ON COLUMN register.seen_by_one_agency.agency IS 'The one agency: police, customs, justice, ngo …';
COMMENT ON COLUMN register.seen_by_one_agency.providers IS 'Number of its sending bodies that know her.';
COMMENT ON COLUMN register.seen_by_one_agency.records IS 'Number of their records.';
COMMENT ON COLUMN register.seen_by_one_agency.first_seen IS 'First day in them.';
COMMENT ON COLUMN register.seen_by_one_agency.last_seen IS 'Last day in them.';
COMMENT ON COLUMN register.seen_by_one_agency.status IS 'Code list victim_status: what counts now.';
COMMENT ON COLUMN register.seen_by_one_agency.purpose IS 'statistics, or assistance with her consent.';
