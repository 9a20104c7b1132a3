ALTER TABLE permission_request DROP COLUMN says;
