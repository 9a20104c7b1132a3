ALTER TABLE permission_request DROP COLUMN read_at;
