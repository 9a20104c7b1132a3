DROP INDEX raid_by_change;
