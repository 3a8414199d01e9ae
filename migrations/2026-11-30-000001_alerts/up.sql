-- Rules that look at the numbers, and where each of them stands.
CREATE TABLE alert_rules (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    -- What is looked for, as it was declared.
    plan jsonb NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    -- Until then nobody is told.
    muted_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'waiting',
    since timestamptz,
    -- What is known of earlier looks.
    memory jsonb NOT NULL DEFAULT '{}',
    -- Counted up with each change of the above, so that of two who looked at once one writes.
    turn bigint NOT NULL DEFAULT 0,
    looked_at timestamptz,
    -- The last look, and why there was none.
    look jsonb,
    failure text,
    PRIMARY KEY (project_id, id)
);

-- What rules did: each with the look that caused it.
CREATE TABLE alert_transitions (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL,
    cause text NOT NULL,
    sentence text NOT NULL,
    look jsonb NOT NULL,
    muted boolean NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX alert_transitions_of ON alert_transitions (project_id, alert_id, id);
CREATE INDEX alert_transitions_noticed ON alert_transitions (project_id, noticed_at);
