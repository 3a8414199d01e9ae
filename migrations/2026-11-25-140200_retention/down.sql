DROP TABLE rollup_bases, late_events;
ALTER TABLE outputs DROP COLUMN sealed;
ALTER TABLE projects DROP COLUMN retain_texts_days, DROP COLUMN retain_events_days, DROP COLUMN retain_outputs_days,
    DROP COLUMN expired_events, DROP COLUMN textless_tx, DROP COLUMN textless_ordinal;
