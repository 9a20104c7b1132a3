-- When an operator released it, where it waited for that.
ALTER TABLE contribution ADD COLUMN released_at TIMESTAMP;
