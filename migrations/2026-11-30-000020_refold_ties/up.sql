-- Ties in time were broken by keys, which differ between projects; now by what the events say. The log is folded again from its start,
-- beside readers and writers: they see the old numbers until each output is done.
UPDATE fold_ranges SET tx = 0;
UPDATE projects SET folded_events = expired_events;
DELETE FROM stalled_ranges;
