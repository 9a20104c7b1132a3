DROP INDEX raid_by_access;
