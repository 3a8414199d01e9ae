-- Whoever only had outputs that were missed was counted as a user. The log is folded again from its start, beside readers and writers.
UPDATE fold_ranges SET tx = 0;
UPDATE projects SET folded_events = expired_events;
DELETE FROM stalled_ranges;
