CREATE VIEW release.cells AS
SELECT c.build_id, t.name, t.period, t.number, t.newest, c."table", t.cube, t.dimensions, c.codes, c.value, c.flag,
       t.counting_unit, t.counting_stage, t.reference_date, t.source
FROM release.built_cell c JOIN release.tables t USING (build_id, "table");

COMMENT ON VIEW release.cells IS
    'The numbers of signed releases, margins included, each with its counting rule. What may be passed on.';
COMMENT ON COLUMN release.cells.build_id IS 'The build that was signed.';
COMMENT ON COLUMN release.cells.name IS 'Name of the release.';
COMMENT ON COLUMN release.cells.period IS 'What the number speaks of.';
COMMENT ON COLUMN release.cells.number IS 'Number of the build.';
COMMENT ON COLUMN release.cells.newest IS 'Whether no later build of this name and period was signed.';
COMMENT ON COLUMN release.cells."table" IS 'Name of the table in the release.';
COMMENT ON COLUMN release.cells.cube IS 'What is counted: tables of one cube count the same, each by other dimensions.';
COMMENT ON COLUMN release.cells.dimensions IS 'What the codes are of, in their order.';
COMMENT ON COLUMN release.cells.codes IS 'One code a dimension; total for all; a code that ends in .alone counts who has no finer one.';
COMMENT ON COLUMN release.cells.value IS 'How many; empty where the cell is not shown.';
COMMENT ON COLUMN release.cells.flag IS 'c: not shown, so that nobody can be recognised; else empty.';
COMMENT ON COLUMN release.cells.counting_unit IS 'What is counted: code list counting_unit.';
COMMENT ON COLUMN release.cells.counting_stage IS 'At which stage: code list counting_stage.';
COMMENT ON COLUMN release.cells.reference_date IS 'Which date puts it into the period: code list reference_date.';
COMMENT ON COLUMN release.cells.source IS 'Whose data it is made of.';
