DROP TABLE eval_results;
DROP TABLE eval_runs;
DROP TABLE eval_cases;
DROP TABLE eval_sets;
