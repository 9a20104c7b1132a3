ALTER TABLE permission DROP COLUMN version;
