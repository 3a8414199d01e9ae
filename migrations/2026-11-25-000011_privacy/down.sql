DROP TABLE admin_actions, erasures, tombstones;
ALTER TABLE projects DROP COLUMN erasure_salt;
