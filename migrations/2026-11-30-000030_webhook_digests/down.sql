ALTER TABLE webhooks DROP COLUMN digest, DROP COLUMN digest_at, DROP COLUMN digest_week;
