ALTER TABLE projects DROP COLUMN forgotten;
