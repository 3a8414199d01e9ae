-- The last UTC day on which the key was used, so that keys that nobody needs can be told.
ALTER TABLE api_keys ADD COLUMN used_on date;
