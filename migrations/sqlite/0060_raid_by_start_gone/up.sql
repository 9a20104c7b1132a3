DROP INDEX raid_by_start;
