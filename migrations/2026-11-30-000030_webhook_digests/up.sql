-- When a webhook gets the weekly digest, as it was declared; null for never.
ALTER TABLE webhooks ADD COLUMN digest jsonb;
-- The next time that it gets one: who moves it on sends it.
ALTER TABLE webhooks ADD COLUMN digest_at timestamptz;
-- The ISO week that it was sent last.
ALTER TABLE webhooks ADD COLUMN digest_week text;
