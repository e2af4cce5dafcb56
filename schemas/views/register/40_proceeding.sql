CREATE VIEW register.proceeding AS
SELECT DISTINCT r.person_id, p.feed, p.provider, p.record_id, p.defendant_reference IS NULL AS as_victim, p.court,
       p.instance, p.stage, p.offence, p.received_on, p.indicted_on, p.heard_on, p.decided_on, p.decision,
       p.requalified_to, p.final, p.recognised, p.compensation
FROM register.record r
JOIN core.victim v ON v.content_id = r.content_id
CROSS JOIN LATERAL (
    SELECT * FROM core.proceeding c WHERE c.court_reference = v.court_reference
    UNION
    SELECT * FROM core.proceeding c WHERE c.police_reference = v.police_reference
) p
JOIN core.sighting k ON k.content_id = p.content_id AND k.current
-- In a case with several victims, each has her own row at court.
WHERE (p.victim_reference IS NULL OR p.content_id = r.content_id)
-- Two courts may number alike; a number that came from another agency was exchanged.
  AND (p.provider = r.provider OR split_part(p.feed, '/', 1) <> split_part(r.feed, '/', 1));

COMMENT ON VIEW register.proceeding IS
    'Proceedings of the cases that a registered person is a victim in: her own place at court, and each defendant''s stages, without their names. Cases meet by the references that agencies exchanged.';
COMMENT ON COLUMN register.proceeding.person_id IS 'The victim; random and stable.';
COMMENT ON COLUMN register.proceeding.feed IS 'Dataset that the source record stands in.';
COMMENT ON COLUMN register.proceeding.provider IS 'Court or prosecutor that sent it.';
COMMENT ON COLUMN register.proceeding.record_id IS 'Number of the source record at its sender, or its pseudonym.';
COMMENT ON COLUMN register.proceeding.as_victim IS 'True for her own place at court, false for a defendant''s.';
COMMENT ON COLUMN register.proceeding.court IS 'Code list court.';
COMMENT ON COLUMN register.proceeding.instance IS 'Code list instance: first instance, appeal, cassation.';
COMMENT ON COLUMN register.proceeding.stage IS 'Code list proceeding_stage.';
COMMENT ON COLUMN register.proceeding.offence IS 'Code list offence.';
COMMENT ON COLUMN register.proceeding.received_on IS 'Day the court or prosecutor registered the file.';
COMMENT ON COLUMN register.proceeding.indicted_on IS 'Day of the indictment.';
COMMENT ON COLUMN register.proceeding.heard_on IS 'Day of the last hearing.';
COMMENT ON COLUMN register.proceeding.decided_on IS 'Day of the decision.';
COMMENT ON COLUMN register.proceeding.decision IS 'Code list decision.';
COMMENT ON COLUMN register.proceeding.requalified_to IS 'Offence after requalification.';
COMMENT ON COLUMN register.proceeding.final IS 'Whether the decision is final.';
COMMENT ON COLUMN register.proceeding.recognised IS 'Whether the court recognised her as a victim.';
COMMENT ON COLUMN register.proceeding.compensation IS 'Damages awarded to her, in dirhams.';
