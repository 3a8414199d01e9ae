-- Where edits turn medium, heavy, and into rewrites, in hundredths of the edit distance: upper ends of the classes before.
ALTER TABLE projects ADD COLUMN edit_thresholds smallint[] NOT NULL DEFAULT '{10,30,50}';
