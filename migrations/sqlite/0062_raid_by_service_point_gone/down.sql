CREATE INDEX raid_by_service_point ON raid (service_point_id, created_at, handle);
