ALTER TABLE permission ADD COLUMN idle_since TIMESTAMP;
