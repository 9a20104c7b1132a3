ALTER TABLE service_point DROP COLUMN retired;
