-- Who is signed in to the dashboard. Tokens are random and told once; only a digest is kept. A session may do what its key may.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    key_id uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    -- A link is no session: it is exchanged for one, once.
    is_link boolean NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_key_id ON sessions (key_id);
