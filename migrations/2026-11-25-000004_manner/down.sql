ALTER TABLE outputs DROP COLUMN manner;
