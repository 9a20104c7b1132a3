ALTER TABLE permission DROP COLUMN idle_since;
