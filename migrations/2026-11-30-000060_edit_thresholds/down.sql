ALTER TABLE projects DROP COLUMN edit_thresholds;
