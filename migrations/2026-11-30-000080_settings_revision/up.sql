-- How often the settings were changed: two states with the same settings are not the same state.
ALTER TABLE projects ADD COLUMN settings_revision bigint NOT NULL DEFAULT 0;
