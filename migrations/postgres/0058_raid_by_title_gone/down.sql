CREATE INDEX raid_by_title ON raid (sort_title, handle);
