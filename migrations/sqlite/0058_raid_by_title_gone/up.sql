DROP INDEX raid_by_title;
