ALTER TABLE contribution DROP COLUMN released_at;
