DROP INDEX raid_by_creation;
