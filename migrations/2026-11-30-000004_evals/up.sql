-- Sets of cases that versions are tried on before users meet them, and what came of trying.
CREATE TABLE eval_sets (
    project_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    -- The score from which a result passes, where its runner does not say.
    pass_from double precision NOT NULL,
    -- Moves with every change to the set, its cases or its runs.
    revision bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX eval_sets_name ON eval_sets (project_id, name);

CREATE TABLE eval_cases (
    project_id integer NOT NULL,
    set_id uuid NOT NULL,
    -- In the order of bytes, which no locale changes.
    name text COLLATE "C" NOT NULL,
    input text,
    expected text,
    rubric text,
    tags text[] NOT NULL DEFAULT '{}',
    -- The output that the case was made from: its texts go when those of the output do, and all of it when its user is erased.
    output_key uuid,
    output_id text,
    user_key bigint,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (project_id, set_id, name)
);
CREATE INDEX eval_cases_output ON eval_cases (project_id, output_key) WHERE output_key IS NOT NULL;
CREATE INDEX eval_cases_user ON eval_cases (project_id, user_key) WHERE user_key IS NOT NULL;

CREATE TABLE eval_runs (
    project_id integer NOT NULL,
    set_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    -- What was run.
    version text,
    model text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (project_id, set_id, id)
);

CREATE TABLE eval_results (
    project_id integer NOT NULL,
    set_id uuid NOT NULL,
    run_id uuid NOT NULL,
    case_name text COLLATE "C" NOT NULL,
    -- Empty where nobody is named.
    judge text COLLATE "C" NOT NULL,
    score double precision,
    pass boolean,
    output text,
    comment text,
    PRIMARY KEY (project_id, set_id, run_id, case_name, judge)
);
CREATE INDEX eval_results_case ON eval_results (project_id, set_id, case_name);
