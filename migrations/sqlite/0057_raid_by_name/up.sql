-- Takes the place of raid_by_title.
CREATE INDEX raid_by_name ON raid (sort_title, handle, access, withdrawn_at, service_point_id, starts_on, ends_on, updated_at);
