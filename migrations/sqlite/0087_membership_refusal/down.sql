ALTER TABLE membership DROP COLUMN refusal;
