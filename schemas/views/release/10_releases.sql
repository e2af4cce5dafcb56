CREATE VIEW release.releases AS
SELECT b.build_id, b.name, b.period, b.number, b.as_of, b.ledger, b.verdict,
       json_array_length(b.missing) AS deliveries_missing,
       (b.policy ->> 'version')::int AS policy_version,
       b.definition -> 'title' ->> 'fr' AS title_fr,
       b.definition -> 'title' ->> 'ar' AS title_ar,
       b.definition -> 'title' ->> 'en' AS title_en,
       b.definition -> 'dimensions' AS dimensions,
       b.sha256, b.package_sha256, b.decided_by AS signed_by, b.decided_at AS signed_at,
       NOT EXISTS (SELECT FROM release.build o WHERE (o.name, o.period, o.state) = (b.name, b.period, 'signed')
                   AND o.number > b.number) AS newest
FROM release.build b
WHERE b.state = 'signed';

COMMENT ON VIEW release.releases IS 'Releases that a person signed: what may be passed on.';
COMMENT ON COLUMN release.releases.build_id IS 'The build that was signed.';
COMMENT ON COLUMN release.releases.name IS 'Name of the release.';
COMMENT ON COLUMN release.releases.period IS 'What it speaks of: 2025-Q1, 2025.';
COMMENT ON COLUMN release.releases.number IS 'Number of the build of this name and period; a higher one replaces a lower.';
COMMENT ON COLUMN release.releases.as_of IS 'When was counted.';
COMMENT ON COLUMN release.releases.ledger IS 'SHA-256 over the deliveries that counted then; of persons also counts how far linkage and people were.';
COMMENT ON COLUMN release.releases.verdict IS 'pass, or review: signed although a warning was broken.';
COMMENT ON COLUMN release.releases.deliveries_missing IS 'Deliveries of the period that had not come when it was built.';
COMMENT ON COLUMN release.releases.policy_version IS 'Version of the policy of disclosure control.';
COMMENT ON COLUMN release.releases.title_fr IS 'Title in French.';
COMMENT ON COLUMN release.releases.title_ar IS 'Title in Arabic.';
COMMENT ON COLUMN release.releases.title_en IS 'Title in English.';
COMMENT ON COLUMN release.releases.dimensions IS 'What each dimension of its tables is called in three languages, and its code list.';
COMMENT ON COLUMN release.releases.sha256 IS 'Of its tables as CSV: the bytes that were signed.';
COMMENT ON COLUMN release.releases.package_sha256 IS 'Of the files in the outbox: handed out while they are these.';
COMMENT ON COLUMN release.releases.signed_by IS 'Who signed it.';
COMMENT ON COLUMN release.releases.signed_at IS 'When it was signed.';
COMMENT ON COLUMN release.releases.newest IS 'Whether no later build of this name and period was signed.';
