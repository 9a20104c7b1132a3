ALTER TABLE permission_request DROP COLUMN names;
