DROP INDEX raid_unindexed;
