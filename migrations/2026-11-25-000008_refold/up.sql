-- Outputs that were folded before know nothing of their undeclared attributes, of who brought their decision about, nor of single
-- opinions. The log is folded again from its start, beside readers and writers: they see the old numbers until each output is done.
UPDATE fold_ranges SET tx = 0;
UPDATE projects SET folded_events = expired_events;
DELETE FROM stalled_ranges;
