CREATE UNIQUE INDEX service_point_by_name_key ON service_point (name_key);
