-- A tenant. Every other row belongs to one.
CREATE TABLE projects (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    -- Attributes that metrics can be grouped and filtered by, sorted.
    dimensions text[] NOT NULL DEFAULT '{}',
    -- Without it, texts are measured on arrival and never written.
    stores_text boolean NOT NULL DEFAULT true,
    -- How long decisions usually need to arrive; younger buckets are immature.
    horizon_seconds integer NOT NULL DEFAULT 86400 CHECK (horizon_seconds > 0),
    -- Events of the log that outputs and rollups contain: the project's log position.
    folded_events bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Keys are random and shown once; only their SHA-256 is kept.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    project_id integer NOT NULL REFERENCES projects ON DELETE CASCADE,
    name text NOT NULL,
    -- The first characters, to tell keys apart.
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE INDEX api_keys_project_id ON api_keys (project_id);

-- The append-only truth. (tx, ordinal) is the log position: tx is the id of the writing transaction, so that everything
-- below the oldest transaction still running is complete and can be followed in order.
CREATE TABLE events (
    project_id integer NOT NULL,
    -- Digest of the client's event id.
    event_key uuid NOT NULL,
    -- Digest of the client's output id.
    output_key uuid NOT NULL,
    tx bigint NOT NULL,
    ordinal integer NOT NULL,
    kind smallint NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    -- Digest of the content: tells a repeated event from a conflicting one.
    fingerprint bigint NOT NULL,
    -- The event as it was accepted.
    body json NOT NULL,
    PRIMARY KEY (project_id, event_key)
);
CREATE INDEX events_position ON events (tx, ordinal);
CREATE INDEX events_output ON events (project_id, output_key);

-- Other names of outputs. Written together with the event that declares them.
CREATE TABLE output_aliases (
    project_id integer NOT NULL,
    alias_key uuid NOT NULL,
    output_key uuid NOT NULL,
    PRIMARY KEY (project_id, alias_key, output_key)
);
CREATE INDEX output_aliases_output ON output_aliases (project_id, output_key);

-- What was refused, counted.
CREATE TABLE rejections (
    project_id integer NOT NULL,
    key_id uuid NOT NULL,
    hour integer NOT NULL,
    code text NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (project_id, key_id, hour, code)
);

-- The distinct combinations of dimension values.
CREATE TABLE cells (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id integer NOT NULL,
    -- Digest of all values, so that a combination has one row.
    cell_key uuid NOT NULL,
    feature text NOT NULL,
    version text,
    model text,
    prompt_version text,
    variant text,
    environment text,
    attributes jsonb NOT NULL DEFAULT '{}',
    UNIQUE (project_id, cell_key)
);

-- One row per output: what its set of events comes to.
CREATE TABLE outputs (
    project_id integer NOT NULL,
    output_key uuid NOT NULL,
    output_id text NOT NULL,
    -- Null while no event has named the feature: the output is unlinked.
    cell_id integer,
    user_key bigint,
    user_id text,
    session_id text,
    -- Cohort time: when it was shown, or its first event.
    shown_at timestamptz NOT NULL,
    decision smallint NOT NULL,
    decided_at timestamptz,
    -- From shown to the first decision.
    decision_ms bigint,
    confidence double precision,
    correct boolean,
    -- Rank of the judgement's source: 0 human, 1 outcome, 2 code, 3 llm.
    judged_by smallint,
    initial_agrees boolean,
    initial_correct boolean,
    edit_distance double precision,
    retained_share double precision,
    -- Share in place at the latest `retained` report.
    still_retained double precision,
    chars_shown integer,
    copies integer NOT NULL,
    regenerates integer NOT NULL,
    ratings integer NOT NULL,
    rating_sum double precision NOT NULL,
    positive_ratings integer NOT NULL,
    rating_flips integer NOT NULL,
    -- It was never shown; the user did by hand what should have been.
    missed boolean NOT NULL,
    -- An event came after the horizon to an output that had been known before.
    restated boolean NOT NULL,
    reason text,
    PRIMARY KEY (project_id, output_key)
);
CREATE INDEX outputs_shown ON outputs (project_id, shown_at, output_key);

-- The texts of outputs, apart so that they can be kept shorter, or not at all.
CREATE TABLE output_texts (
    project_id integer NOT NULL,
    output_key uuid NOT NULL,
    input text,
    output text,
    final text,
    comment text,
    PRIMARY KEY (project_id, output_key)
);

-- Sufficient statistics per hour. `sums` follows the layout in fold_cursor.
CREATE TABLE rollups_hourly (
    project_id integer NOT NULL,
    cell_id integer NOT NULL,
    hour integer NOT NULL,
    outputs bigint NOT NULL,
    sums bigint[] NOT NULL,
    PRIMARY KEY (project_id, cell_id, hour)
);

-- The same per UTC day and group of users, for the variance between users.
CREATE TABLE rollups_daily (
    project_id integer NOT NULL,
    cell_id integer NOT NULL,
    day integer NOT NULL,
    user_group smallint NOT NULL,
    outputs bigint NOT NULL,
    sums bigint[] NOT NULL,
    PRIMARY KEY (project_id, cell_id, day, user_group)
);

-- Counts per UTC day and bucket: time sketches, confidence grids, users.
CREATE TABLE histograms_daily (
    project_id integer NOT NULL,
    cell_id integer NOT NULL,
    day integer NOT NULL,
    kind smallint NOT NULL,
    bucket bigint NOT NULL,
    positives bigint NOT NULL,
    negatives bigint NOT NULL,
    PRIMARY KEY (project_id, cell_id, day, kind, bucket)
);

-- How far the log is folded. Its row lock is the lease of the folding process.
CREATE TABLE fold_cursor (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    tx bigint NOT NULL DEFAULT 0,
    ordinal integer NOT NULL DEFAULT 0,
    -- Added to transaction ids, so that the log goes on after it was restored into a cluster that counts lower.
    tx_offset bigint NOT NULL DEFAULT 0,
    -- Names of the sums in the rollups' arrays; a change recomputes the rollups.
    layout text[] NOT NULL DEFAULT '{}',
    folded_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO fold_cursor DEFAULT VALUES;

-- Adds two arrays element by element.
CREATE FUNCTION add_sums(bigint[], bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_agg(a + b ORDER BY i) FROM unnest($1, $2) WITH ORDINALITY AS t (a, b, i) $$;
