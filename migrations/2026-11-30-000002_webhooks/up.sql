-- Where a project's alerts are sent.
CREATE TABLE webhooks (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    format text NOT NULL,
    -- Signing needs it as it is.
    secret bytea NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (project_id, id)
);

-- What is to be sent and what was: written in the transaction that it tells of.
CREATE TABLE webhook_deliveries (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    kind text NOT NULL,
    -- Every attempt sends these bytes.
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- waiting, delivered or dead
    state text NOT NULL DEFAULT 'waiting',
    attempts integer NOT NULL DEFAULT 0,
    -- When the next attempt may be made. While one is under way: when it counts as lost.
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempted_at timestamptz,
    -- What the last attempt came to.
    status integer,
    failure text,
    finished_at timestamptz,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (project_id, webhook_id, id);
