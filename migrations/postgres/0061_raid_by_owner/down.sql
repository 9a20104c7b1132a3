DROP INDEX raid_by_owner;
