CREATE VIEW release.tables AS
SELECT t.build_id, r.name, r.period, r.number, r.newest, t."table", t."position", t.cube, t.title_fr, t.title_ar, t.title_en,
       t.dimensions, t.counting_unit, t.counting_stage, t.reference_date, t.source, t.cells, t.shown
FROM release.built_table t JOIN release.releases r USING (build_id);

COMMENT ON VIEW release.tables IS 'The tables of signed releases, each with its counting rule.';
COMMENT ON COLUMN release.tables.build_id IS 'The build that was signed.';
COMMENT ON COLUMN release.tables.name IS 'Name of the release.';
COMMENT ON COLUMN release.tables.period IS 'What it speaks of.';
COMMENT ON COLUMN release.tables.number IS 'Number of the build.';
COMMENT ON COLUMN release.tables.newest IS 'Whether no later build of this name and period was signed.';
COMMENT ON COLUMN release.tables."table" IS 'Name of the table in the release.';
COMMENT ON COLUMN release.tables."position" IS 'Its place in the release, from 0.';
COMMENT ON COLUMN release.tables.cube IS 'What is counted: tables of one cube count the same, each by other dimensions.';
COMMENT ON COLUMN release.tables.title_fr IS 'Title in French.';
COMMENT ON COLUMN release.tables.title_ar IS 'Title in Arabic.';
COMMENT ON COLUMN release.tables.title_en IS 'Title in English.';
COMMENT ON COLUMN release.tables.dimensions IS 'Its dimensions, in the order of the codes of its cells.';
COMMENT ON COLUMN release.tables.counting_unit IS 'What is counted: code list counting_unit.';
COMMENT ON COLUMN release.tables.counting_stage IS 'At which stage: code list counting_stage.';
COMMENT ON COLUMN release.tables.reference_date IS 'Which date puts it into the period: code list reference_date.';
COMMENT ON COLUMN release.tables.source IS 'Whose data it is made of.';
COMMENT ON COLUMN release.tables.cells IS 'Number of cells, margins included.';
COMMENT ON COLUMN release.tables.shown IS 'Number of cells that are shown.';
