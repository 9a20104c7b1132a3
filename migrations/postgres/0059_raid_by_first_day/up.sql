-- Takes the place of raid_by_start.
CREATE INDEX raid_by_first_day ON raid (starts_on, handle, access, withdrawn_at, service_point_id, ends_on, updated_at);
