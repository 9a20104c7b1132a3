-- Takes the place of raid_by_updated: counts of what changed lately read nothing else.
CREATE INDEX raid_by_change ON raid (updated_at, handle, access, withdrawn_at, service_point_id);
