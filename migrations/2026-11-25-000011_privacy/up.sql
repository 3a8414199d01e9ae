-- What is left of erased users and outputs: digests by which events that name them are refused. Writers of the log read it in the
-- statement that writes, under a lock that whoever adds to it waits for.
CREATE TABLE tombstones (
    project_id integer NOT NULL,
    -- Of a user, a digest with the project's salt; of an output, its key.
    digest uuid NOT NULL,
    -- A user who came back: what happened from then on is taken. Null refuses everything.
    admits_from timestamptz,
    PRIMARY KEY (project_id, digest)
);
ALTER TABLE projects ADD COLUMN erasure_salt uuid NOT NULL DEFAULT gen_random_uuid();

-- Erasures, done or on their way: the receipts.
CREATE TABLE erasures (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    -- The user's tombstone.
    digest uuid NOT NULL,
    -- Whom to erase. Gone when it is done.
    user_id text,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    -- When the database gave up the dead rows.
    vacuumed_at timestamptz,
    events bigint NOT NULL DEFAULT 0,
    outputs bigint NOT NULL DEFAULT 0,
    texts bigint NOT NULL DEFAULT 0,
    -- Of the user, on outputs of others.
    opinions bigint NOT NULL DEFAULT 0,
    -- The project's, when it was done.
    log_position bigint,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX erasures_digest ON erasures (project_id, digest);
CREATE UNIQUE INDEX erasures_open ON erasures (project_id, digest) WHERE finished_at IS NULL;
CREATE INDEX erasures_due ON erasures (requested_at) WHERE vacuumed_at IS NULL;

-- What admin keys, and people at the command line, did. Names no user of the product.
CREATE TABLE admin_actions (
    project_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Null at the command line.
    key_id uuid,
    action text NOT NULL,
    -- The key, the experiment, the erasure it was done to.
    subject text,
    -- What was asked for.
    detail jsonb NOT NULL,
    PRIMARY KEY (project_id, id)
);
