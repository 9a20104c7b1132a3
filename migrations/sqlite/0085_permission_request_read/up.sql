ALTER TABLE permission_request ADD COLUMN read_at TIMESTAMP;
