CREATE INDEX raid_by_start ON raid (starts_on, handle);
