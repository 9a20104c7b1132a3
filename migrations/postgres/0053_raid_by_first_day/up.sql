-- Takes the place of raid_by_start: counts by dates read nothing else.
CREATE INDEX raid_by_first_day ON raid (starts_on, handle, ends_on, access, withdrawn_at, service_point_id);
