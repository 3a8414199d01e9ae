-- What teams changed, to fix what. The effect is computed from the outputs whenever it is asked for.
CREATE TABLE changes (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    -- What was logged, as it was sent.
    plan jsonb NOT NULL,
    logged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (project_id, id)
);
