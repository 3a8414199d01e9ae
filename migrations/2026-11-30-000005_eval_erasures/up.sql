-- Cases of evals that were made from the user's outputs, with all results on them.
ALTER TABLE erasures ADD COLUMN eval_cases bigint NOT NULL DEFAULT 0;
