DROP INDEX raid_by_first_day;
