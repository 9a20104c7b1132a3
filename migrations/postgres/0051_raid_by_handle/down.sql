DROP INDEX raid_by_handle;
