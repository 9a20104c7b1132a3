CREATE INDEX raid_by_updated ON raid (updated_at, handle);
