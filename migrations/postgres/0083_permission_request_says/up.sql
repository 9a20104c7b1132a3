ALTER TABLE permission_request ADD COLUMN says TEXT;
