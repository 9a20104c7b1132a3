-- Takes the place of raid_by_updated.
CREATE INDEX raid_by_change ON raid (updated_at, handle, access, withdrawn_at, service_point_id, starts_on, ends_on);
