DROP INDEX raid_by_created;
