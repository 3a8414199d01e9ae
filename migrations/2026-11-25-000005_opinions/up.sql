-- What each rater and judge holds of an output now, on the whole or on one rubric: the newest word of each. Written with the
-- output's row.
CREATE TABLE opinions (
    project_id integer NOT NULL,
    output_key uuid NOT NULL,
    -- Rank of a judgement's source: 0 human, 1 outcome, 2 code, 3 llm. 4 is a rating.
    source smallint NOT NULL,
    -- The name of the rater or judge. Empty for the output's own user, and for a judge without a name.
    holder text NOT NULL,
    -- The quality it is about. Empty for the output as a whole.
    rubric text NOT NULL,
    -- From 0, the worst, to 1, the best.
    value double precision NOT NULL,
    is_right boolean NOT NULL,
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, output_key, source, holder, rubric)
);
