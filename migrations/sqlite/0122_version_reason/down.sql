ALTER TABLE raid_version DROP COLUMN reason;
