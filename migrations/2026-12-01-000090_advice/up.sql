ALTER TABLE outputs
    -- The user's own number from before, the AI's, and the one that the user kept. Null where nobody knows.
    ADD COLUMN initial_value double precision,
    ADD COLUMN output_value double precision,
    ADD COLUMN final_value double precision;

-- As before, with all three.
CREATE OR REPLACE VIEW bi.outputs AS
SELECT
    p.name AS project,
    o.output_id,
    c.feature,
    c.version,
    c.model,
    c.prompt_version,
    c.variant,
    c.environment,
    coalesce(c.attributes, '{}') || coalesce(o.attributes::jsonb, '{}') AS attributes,
    o.user_id,
    o.session_id,
    o.shown_at,
    CASE o.decision WHEN 1 THEN 'accepted' WHEN 2 THEN 'edited' WHEN 3 THEN 'rejected' WHEN 4 THEN 'undone'
        WHEN 5 THEN 'ignored' ELSE 'undecided' END AS decision,
    CASE o.manner WHEN 1 THEN 'automatic' WHEN 2 THEN 'taken_over' ELSE 'asked' END AS manner,
    o.decided_at,
    o.decision_ms,
    o.confidence,
    o.correct,
    CASE o.judged_by WHEN 0 THEN 'human' WHEN 1 THEN 'outcome' WHEN 2 THEN 'code' WHEN 3 THEN 'llm' END AS judged_by,
    o.initial_agrees,
    o.initial_correct,
    o.edit_distance,
    o.retained_share,
    o.still_retained,
    o.chars_shown,
    o.copies,
    o.regenerates,
    o.ratings,
    o.rating_sum / nullif(o.ratings, 0) AS rating,
    o.positive_ratings,
    o.rating_flips,
    o.missed,
    o.restated,
    o.reason,
    o.sealed,
    CASE WHEN o.kept_30s < 0 THEN 0 ELSE o.kept_30s / 10000.0::double precision END AS kept_30s,
    CASE WHEN o.kept_120s < 0 THEN 0 ELSE o.kept_120s / 10000.0::double precision END AS kept_120s,
    CASE WHEN o.kept_300s < 0 THEN 0 ELSE o.kept_300s / 10000.0::double precision END AS kept_300s,
    CASE WHEN o.kept_600s < 0 THEN 0 ELSE o.kept_600s / 10000.0::double precision END AS kept_600s,
    o.chars_final,
    o.generation_ms,
    o.initial_value,
    o.output_value,
    o.final_value
FROM public.outputs o
JOIN public.projects p ON p.id = o.project_id
LEFT JOIN public.cells c ON c.id = o.cell_id;

-- Outputs that were folded before know none of it: the log is folded again from its start, beside readers and writers.
UPDATE fold_ranges SET tx = 0;
UPDATE projects SET folded_events = expired_events;
DELETE FROM stalled_ranges;
