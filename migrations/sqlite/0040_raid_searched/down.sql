ALTER TABLE raid DROP COLUMN indexed_version;
ALTER TABLE raid DROP COLUMN ends_on;
ALTER TABLE raid DROP COLUMN starts_on;
ALTER TABLE raid DROP COLUMN sort_title;
