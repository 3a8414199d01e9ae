-- Experiments as they were declared. Their results are computed from the outputs whenever they are asked for.
CREATE TABLE experiments (
    project_id integer NOT NULL,
    name text NOT NULL,
    -- The declaration as it was sent.
    plan jsonb NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (project_id, name)
);
