ALTER TABLE service_point DROP COLUMN name_key;
