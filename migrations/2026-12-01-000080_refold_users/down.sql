-- What was folded twice is what was folded once.
SELECT 1;
