ALTER TABLE permission DROP COLUMN closed_at;
ALTER TABLE disclaimer DROP COLUMN confirmed;
