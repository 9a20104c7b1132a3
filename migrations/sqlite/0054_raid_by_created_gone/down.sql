CREATE INDEX raid_by_created ON raid (created_at, handle);
