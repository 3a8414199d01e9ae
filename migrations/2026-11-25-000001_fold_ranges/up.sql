-- The log is shared by ranges of output keys. Each is folded up to a place of its own, and its row's lock is the lease of the
-- process that folds it.
CREATE FUNCTION fold_range(output_key uuid) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN get_byte(uuid_send(output_key), 0) >> 4;

CREATE TABLE fold_ranges (
    range integer PRIMARY KEY,
    -- All transactions up to this one are folded, and none after it.
    tx bigint NOT NULL,
    folded_at timestamptz NOT NULL
);

-- Projects whose events of a range could not be folded. Each waits at its own place in the log, so that the others go on.
CREATE TABLE stalled_ranges (
    project_id integer NOT NULL,
    range integer NOT NULL,
    tx bigint NOT NULL,
    error text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    retry_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, range)
);

-- What is true of all ranges.
CREATE TABLE fold_state (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    -- Added to transaction ids, so that the log goes on after it was restored into a cluster that counts lower.
    tx_offset bigint NOT NULL,
    -- Names of the sums in the rollups' columns; a change recomputes the rollups.
    layout text[] NOT NULL
);

-- Places were within a transaction. One that was folded in part is folded again as a whole.
UPDATE projects p SET folded_events = folded_events
    - (SELECT count(*) FROM events e WHERE e.project_id = p.id AND e.tx = place.tx AND e.ordinal <= place.ordinal)
FROM (SELECT p.id, coalesce(s.tx, c.tx) AS tx, coalesce(s.ordinal, c.ordinal) AS ordinal
      FROM projects p CROSS JOIN fold_cursor c LEFT JOIN stalled_projects s ON s.project_id = p.id) AS place
WHERE place.id = p.id;
INSERT INTO fold_ranges SELECT range, tx - 1, folded_at FROM fold_cursor, generate_series(0, 15) AS range;
INSERT INTO stalled_ranges
    SELECT project_id, range, tx - 1, error, since, retry_at FROM stalled_projects, generate_series(0, 15) AS range;
INSERT INTO fold_state SELECT id, tx_offset, layout FROM fold_cursor;
DROP TABLE fold_cursor, stalled_projects;

-- Many events of a range come with one transaction, which this index names once.
DROP INDEX events_position;
CREATE INDEX events_position ON events (fold_range(output_key), tx);
