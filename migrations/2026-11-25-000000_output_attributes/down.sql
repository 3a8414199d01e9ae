ALTER TABLE outputs DROP COLUMN attributes;
