CREATE VIEW mart.contradictions AS
SELECT c.number,
       c.kind,
       c.rule,
       c.country,
       c.period,
       c.indicator_fr,
       c.indicator_ar,
       c.indicator_en,
       c.figures,
       c.values_fr,
       c.values_ar,
       c.values_en,
       c.explanation_fr,
       c.explanation_ar,
       c.explanation_en,
       r.figures AS figures_compared,
       r.at AS compared_at
FROM ref.contradiction c CROSS JOIN ref.reconciled r;

COMMENT ON VIEW mart.contradictions IS
    'Published figures that do not go together, contradictions first, each with its explanation. Each value carries its own counting rule and source.';
COMMENT ON COLUMN mart.contradictions.number IS 'Place in the order of gravity; changes when figures do.';
COMMENT ON COLUMN mart.contradictions.kind IS 'contradiction (follows from the figures alone), explained (may all be right, and why) or suspicious (worth a question).';
COMMENT ON COLUMN mart.contradictions.rule IS 'Rule that found it; docs/analysts.md lists them.';
COMMENT ON COLUMN mart.contradictions.country IS 'ISO 3166-1 alpha-3 code, or the source''s own code of an area.';
COMMENT ON COLUMN mart.contradictions.period IS 'Year, or first and last year, of the first figure.';
COMMENT ON COLUMN mart.contradictions.indicator_fr IS 'What the first figure counts, in French.';
COMMENT ON COLUMN mart.contradictions.indicator_ar IS 'What the first figure counts, in Arabic.';
COMMENT ON COLUMN mart.contradictions.indicator_en IS 'What the first figure counts, in English.';
COMMENT ON COLUMN mart.contradictions.figures IS 'The figures: feed and line number, or row of the file.';
COMMENT ON COLUMN mart.contradictions.values_fr IS 'The figures in words, with source and counting rule, in French.';
COMMENT ON COLUMN mart.contradictions.values_ar IS 'The figures in words, with source and counting rule, in Arabic.';
COMMENT ON COLUMN mart.contradictions.values_en IS 'The figures in words, with source and counting rule, in English.';
COMMENT ON COLUMN mart.contradictions.explanation_fr IS 'What is wrong, why, what to do, in French.';
COMMENT ON COLUMN mart.contradictions.explanation_ar IS 'What is wrong, why, what to do, in Arabic.';
COMMENT ON COLUMN mart.contradictions.explanation_en IS 'What is wrong, why, what to do, in English.';
COMMENT ON COLUMN mart.contradictions.figures_compared IS 'How many figures were compared.';
COMMENT ON COLUMN mart.contradictions.compared_at IS 'When they were compared: after figures or rules last changed.';
