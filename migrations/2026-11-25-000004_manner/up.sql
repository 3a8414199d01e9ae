-- Who brought the last decision about: 0 the user, 1 the app by itself, 2 the user in the AI's place.
ALTER TABLE outputs ADD COLUMN manner smallint NOT NULL DEFAULT 0;
ALTER TABLE outputs ALTER COLUMN manner DROP DEFAULT;
