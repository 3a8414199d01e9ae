CREATE TABLE stalled_projects (
    project_id integer PRIMARY KEY,
    tx bigint NOT NULL,
    ordinal integer NOT NULL,
    error text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    retry_at timestamptz NOT NULL
);
CREATE TABLE fold_cursor (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    tx bigint NOT NULL DEFAULT 0,
    ordinal integer NOT NULL DEFAULT 0,
    tx_offset bigint NOT NULL DEFAULT 0,
    layout text[] NOT NULL DEFAULT '{}',
    folded_at timestamptz NOT NULL DEFAULT now()
);

-- All go back to where the last of them is.
INSERT INTO fold_cursor (tx, ordinal, tx_offset, layout, folded_at)
    SELECT min(r.tx), 2147483647, s.tx_offset, s.layout, max(r.folded_at)
    FROM fold_ranges r, fold_state s GROUP BY s.tx_offset, s.layout;
INSERT INTO stalled_projects (project_id, tx, ordinal, error, since, retry_at)
    SELECT s.project_id, least(min(s.tx), (SELECT min(tx) FROM fold_ranges)), 2147483647, min(s.error), min(s.since),
        min(s.retry_at)
    FROM stalled_ranges s GROUP BY s.project_id;
UPDATE projects p SET folded_events = folded_events
    - (SELECT count(*) FROM events e JOIN fold_ranges r ON r.range = fold_range(e.output_key)
       LEFT JOIN stalled_ranges s ON s.project_id = p.id AND s.range = r.range
       WHERE e.project_id = p.id AND e.tx > place.tx AND e.tx <= coalesce(s.tx, r.tx))
FROM (SELECT p.id, coalesce(s.tx, c.tx) AS tx
      FROM projects p CROSS JOIN fold_cursor c LEFT JOIN stalled_projects s ON s.project_id = p.id) AS place
WHERE place.id = p.id;

DROP TABLE fold_state, stalled_ranges, fold_ranges;
DROP INDEX events_position;
DROP FUNCTION fold_range(uuid);
CREATE INDEX events_position ON events (tx, ordinal);
