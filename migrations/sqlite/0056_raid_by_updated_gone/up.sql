DROP INDEX raid_by_updated;
