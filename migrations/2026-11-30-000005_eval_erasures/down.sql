ALTER TABLE erasures DROP COLUMN eval_cases;
