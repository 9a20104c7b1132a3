DROP INDEX service_point_by_name_key;
