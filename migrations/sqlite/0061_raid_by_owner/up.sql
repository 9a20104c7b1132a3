-- Takes the place of raid_by_service_point.
CREATE INDEX raid_by_owner ON raid (service_point_id, created_at, handle, access, withdrawn_at, starts_on, ends_on, updated_at, sort_title);
