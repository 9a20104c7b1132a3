-- NULL for versions from before, and for those that no token wrote.
ALTER TABLE raid_version ADD COLUMN issuer TEXT;
