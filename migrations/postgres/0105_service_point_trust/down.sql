ALTER TABLE service_point DROP COLUMN trust;
