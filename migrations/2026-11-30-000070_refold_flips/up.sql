-- A rating on another scale was counted as a change of mind. The log is folded again from its start, beside readers and writers.
UPDATE fold_ranges SET tx = 0;
UPDATE projects SET folded_events = expired_events;
DELETE FROM stalled_ranges;
