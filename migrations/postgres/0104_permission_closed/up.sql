-- When their question was closed by somebody who did not sign in.
ALTER TABLE permission ADD COLUMN closed_at TIMESTAMP;
