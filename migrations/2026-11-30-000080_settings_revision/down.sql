ALTER TABLE projects DROP COLUMN settings_revision;
