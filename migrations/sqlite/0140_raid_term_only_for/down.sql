ALTER TABLE raid_term DROP COLUMN only_for;
