-- Projects whose events could not be folded. Each waits at its own place in the log, so that the others go on.
CREATE TABLE stalled_projects (
    project_id integer PRIMARY KEY,
    tx bigint NOT NULL,
    ordinal integer NOT NULL,
    error text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    retry_at timestamptz NOT NULL
);
