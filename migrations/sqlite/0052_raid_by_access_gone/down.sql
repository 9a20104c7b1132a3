CREATE INDEX raid_by_access ON raid (access, withdrawn_at, service_point_id, starts_on, ends_on, handle);
