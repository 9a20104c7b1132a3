ALTER TABLE permission DROP COLUMN closed_at;
