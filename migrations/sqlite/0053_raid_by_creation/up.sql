-- Takes the place of raid_by_created.
CREATE INDEX raid_by_creation ON raid (created_at, handle, access, withdrawn_at, service_point_id, starts_on, ends_on, updated_at);
