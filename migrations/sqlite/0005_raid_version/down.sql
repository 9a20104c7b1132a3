DROP TABLE raid_version;
