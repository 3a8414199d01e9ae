-- Rollups become columns of a day and the differences that wait to be merged into them. They are recomputed from the
-- outputs, since the layout they were written with is forgotten.
DROP TABLE rollups_hourly, rollups_daily, histograms_daily;
DROP FUNCTION add_sums(bigint[], bigint[]);

-- What steps of the fold added to a UTC day, until it is merged into the day's columns.
CREATE TABLE rollup_differences (
    project_id integer NOT NULL,
    day integer NOT NULL,
    step bigint NOT NULL,
    -- Rows of the tables in `body`.
    size integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (project_id, day, step)
);

-- Sufficient statistics of a UTC day, column by column, so that a question reads only those it needs.
CREATE TABLE rollup_columns (
    project_id integer NOT NULL,
    -- What the rows are: groups of users, hours, buckets of a histogram.
    axis smallint NOT NULL,
    -- -2 and -1 are the keys of the rows, cell and bucket; 0 counts outputs; sums follow in the order of the layout.
    place smallint NOT NULL,
    day integer NOT NULL,
    -- The last step that is in it.
    step bigint NOT NULL,
    size integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (project_id, axis, place, day)
);
-- They are compressed already.
ALTER TABLE rollup_differences ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE rollup_columns ALTER COLUMN body SET STORAGE EXTERNAL;

-- The number of the project's last fold step, and of the last one that computed the rollups anew.
ALTER TABLE projects ADD COLUMN rollup_step bigint NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN rollup_reset bigint NOT NULL DEFAULT 0;
UPDATE fold_cursor SET layout = '{}';
