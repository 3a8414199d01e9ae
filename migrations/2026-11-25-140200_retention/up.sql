-- For how many days a project keeps what; null for ever.
ALTER TABLE projects
    ADD COLUMN retain_texts_days integer CHECK (retain_texts_days > 0),
    ADD COLUMN retain_events_days integer CHECK (retain_events_days > 0),
    ADD COLUMN retain_outputs_days integer CHECK (retain_outputs_days > 0),
    -- Folded events that are no longer in the log.
    ADD COLUMN expired_events bigint NOT NULL DEFAULT 0,
    -- The log position up to which events hold no texts any more.
    ADD COLUMN textless_tx bigint NOT NULL DEFAULT 0,
    ADD COLUMN textless_ordinal integer NOT NULL DEFAULT 0;

-- The events of a sealed output are gone; what they came to stands.
ALTER TABLE outputs ADD COLUMN sealed boolean NOT NULL DEFAULT false;

-- Events that came after their output was sealed: in the log, and in no number.
CREATE TABLE late_events (
    project_id integer NOT NULL,
    event_key uuid NOT NULL,
    output_key uuid NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, event_key)
);
CREATE INDEX late_events_output ON late_events (project_id, output_key);

-- The share of a UTC day's rollups that belongs to outputs which are gone.
CREATE TABLE rollup_bases (
    project_id integer NOT NULL,
    day integer NOT NULL,
    -- Names of the sums, in the order of the tables' columns.
    layout text[] NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (project_id, day)
);
ALTER TABLE rollup_bases ALTER COLUMN body SET STORAGE EXTERNAL;
