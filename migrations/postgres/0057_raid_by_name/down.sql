DROP INDEX raid_by_name;
