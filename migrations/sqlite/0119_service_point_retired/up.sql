-- A retired service point mints nothing any more, and lists leave it out.
ALTER TABLE service_point ADD COLUMN retired BOOLEAN NOT NULL DEFAULT FALSE;
