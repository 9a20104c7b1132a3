-- Whether the person signed in at ORCID to say it.
ALTER TABLE disclaimer ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT FALSE;
-- When their question was closed by somebody who did not sign in.
ALTER TABLE permission ADD COLUMN closed_at TIMESTAMP;
