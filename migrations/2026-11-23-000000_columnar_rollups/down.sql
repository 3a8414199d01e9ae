ALTER TABLE projects DROP COLUMN rollup_step, DROP COLUMN rollup_reset;
DROP TABLE rollup_columns, rollup_differences;

CREATE TABLE rollups_hourly (
    project_id integer NOT NULL,
    cell_id integer NOT NULL,
    hour integer NOT NULL,
    outputs bigint NOT NULL,
    sums bigint[] NOT NULL,
    PRIMARY KEY (project_id, cell_id, hour)
);

CREATE TABLE rollups_daily (
    project_id integer NOT NULL,
    cell_id integer NOT NULL,
    day integer NOT NULL,
    user_group smallint NOT NULL,
    outputs bigint NOT NULL,
    sums bigint[] NOT NULL,
    PRIMARY KEY (project_id, cell_id, day, user_group)
);

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

CREATE FUNCTION add_sums(bigint[], bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_agg(a + b ORDER BY i) FROM unnest($1, $2) WITH ORDINALITY AS t (a, b, i) $$;

UPDATE fold_cursor SET layout = '{}';
