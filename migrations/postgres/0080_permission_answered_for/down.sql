ALTER TABLE permission DROP COLUMN answered_for;
