ALTER TABLE task DROP COLUMN waits_for;
