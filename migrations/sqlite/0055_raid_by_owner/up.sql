-- Takes the place of raid_by_service_point: counts by service point read nothing else.
CREATE INDEX raid_by_owner ON raid (service_point_id, created_at, handle, access, withdrawn_at);
