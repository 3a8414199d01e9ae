-- What links are signed with. Deleting the row ends all links, once the servers have started anew.
CREATE TABLE link_secret (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    secret bytea NOT NULL
);

-- Views for tools that speak SQL. Whoever may read them may read nothing else: they look at the tables with the rights of their
-- owner. docs/bi.md describes them.
CREATE SCHEMA bi;

-- Without it the planner takes each output for a group of its own, and neither hashes nor shares the work.
CREATE STATISTICS outputs_day ON ((shown_at AT TIME ZONE 'UTC')::date) FROM outputs;

-- One row per output that is kept, without its texts.
CREATE VIEW bi.outputs AS
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
    o.sealed
FROM public.outputs o
JOIN public.projects p ON p.id = o.project_id
LEFT JOIN public.cells c ON c.id = o.cell_id;

-- The sums that metrics are made of, per UTC day in which outputs were shown, by feature and version. What acted by itself asked
-- no one, so that its decisions are nobody's.
CREATE VIEW bi.daily_sums AS
SELECT
    p.name AS project,
    s.day,
    c.feature,
    c.version,
    sum(s.shown)::bigint AS shown,
    sum(s.decided)::bigint AS decided,
    sum(s.taken)::bigint AS taken,
    sum(s.accepted_unchanged)::bigint AS accepted_unchanged,
    sum(s.persistent)::bigint AS persistent,
    sum(s.undone)::bigint AS undone,
    sum(s.ignored)::bigint AS ignored,
    sum(s.missed)::bigint AS missed,
    sum(s.regenerated)::bigint AS regenerated,
    sum(s.copied)::bigint AS copied,
    sum(s.judged)::bigint AS judged,
    sum(s.correct)::bigint AS correct,
    sum(s.ratings)::bigint AS ratings,
    sum(s.positive_ratings)::bigint AS positive_ratings,
    sum(s.rating_sum) AS rating_sum,
    sum(s.compared)::bigint AS compared,
    sum(s.distance) AS distance,
    sum(s.retention_known)::bigint AS retention_known,
    sum(s.retained) AS retained
FROM (
    SELECT
        project_id,
        cell_id,
        (shown_at AT TIME ZONE 'UTC')::date AS day,
        count(*) FILTER (WHERE NOT missed) AS shown,
        count(*) FILTER (WHERE decision IN (1, 2, 3, 4) AND manner <> 1) AS decided,
        count(*) FILTER (WHERE decision IN (1, 2, 4) AND manner <> 1) AS taken,
        count(*) FILTER (WHERE decision = 1 AND manner <> 1) AS accepted_unchanged,
        count(*) FILTER (WHERE decision IN (1, 2) AND manner <> 1 AND coalesce(still_retained, 1) >= 0.67) AS persistent,
        count(*) FILTER (WHERE decision = 4 AND manner <> 1) AS undone,
        count(*) FILTER (WHERE decision = 5 AND manner <> 1) AS ignored,
        count(*) FILTER (WHERE missed) AS missed,
        count(*) FILTER (WHERE regenerates > 0) AS regenerated,
        count(*) FILTER (WHERE copies > 0) AS copied,
        count(correct) AS judged,
        count(*) FILTER (WHERE correct) AS correct,
        sum(ratings) AS ratings,
        sum(positive_ratings) AS positive_ratings,
        sum(rating_sum) AS rating_sum,
        count(edit_distance) AS compared,
        coalesce(sum(edit_distance), 0) AS distance,
        count(retained_share) AS retention_known,
        coalesce(sum(retained_share), 0) AS retained
    FROM public.outputs
    WHERE cell_id IS NOT NULL
    GROUP BY project_id, cell_id, (shown_at AT TIME ZONE 'UTC')::date
) AS s
JOIN public.projects p ON p.id = s.project_id
JOIN public.cells c ON c.id = s.cell_id
GROUP BY p.name, s.day, c.feature, c.version;

-- The same with metrics, named as in the catalogue.
CREATE VIEW bi.daily_metrics AS
SELECT
    *,
    decided::double precision / nullif(shown, 0) AS response_rate,
    taken::double precision / nullif(decided, 0) AS acceptance_rate,
    accepted_unchanged::double precision / nullif(decided, 0) AS strict_acceptance_rate,
    taken::double precision / nullif(shown, 0) AS acceptance_of_shown,
    persistent::double precision / nullif(decided, 0) AS persistent_acceptance_rate,
    undone::double precision / nullif(taken, 0) AS undo_rate,
    ignored::double precision / nullif(shown, 0) AS ignore_rate,
    regenerated::double precision / nullif(shown, 0) AS regenerate_rate,
    copied::double precision / nullif(shown, 0) AS copy_rate,
    correct::double precision / nullif(judged, 0) AS correctness_rate,
    judged::double precision / nullif(shown, 0) AS judgement_coverage,
    positive_ratings::double precision / nullif(ratings, 0) AS positive_rating_rate,
    rating_sum / nullif(ratings, 0) AS rating_mean,
    distance / nullif(compared, 0) AS edit_distance,
    retained / nullif(retention_known, 0) AS retained_share
FROM bi.daily_sums;

-- The features of each project, over all days.
CREATE VIEW bi.features AS
SELECT
    *,
    decided::double precision / nullif(shown, 0) AS response_rate,
    taken::double precision / nullif(decided, 0) AS acceptance_rate,
    correct::double precision / nullif(judged, 0) AS correctness_rate,
    judged::double precision / nullif(shown, 0) AS judgement_coverage,
    rating_sum / nullif(ratings, 0) AS rating_mean,
    distance / nullif(compared, 0) AS edit_distance
FROM (
    SELECT
        project,
        feature,
        min(day) AS first_day,
        max(day) AS last_day,
        count(DISTINCT version) AS versions,
        sum(shown)::bigint AS shown,
        sum(decided)::bigint AS decided,
        sum(taken)::bigint AS taken,
        sum(judged)::bigint AS judged,
        sum(correct)::bigint AS correct,
        sum(ratings)::bigint AS ratings,
        sum(rating_sum) AS rating_sum,
        sum(compared)::bigint AS compared,
        sum(distance) AS distance
    FROM bi.daily_sums
    GROUP BY project, feature
) AS sums;

-- A role that may read the views and nothing else, for the accounts of tools to be members of. Roles belong to the whole cluster:
-- another database may have made it, or be making it now. Without the right to make roles, an operator does this by hand.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'calibrant_bi') THEN
        CREATE ROLE calibrant_bi NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN RAISE NOTICE 'the role calibrant_bi is missing; docs/bi.md says how to make it';
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'calibrant_bi') THEN
        GRANT USAGE ON SCHEMA bi TO calibrant_bi;
        GRANT SELECT ON ALL TABLES IN SCHEMA bi TO calibrant_bi;
    END IF;
END $$;
