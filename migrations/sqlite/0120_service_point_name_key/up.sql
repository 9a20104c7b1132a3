-- The name in lower case and without extra spaces, which no two may share. Rows from before get
-- theirs when they are changed.
ALTER TABLE service_point ADD COLUMN name_key TEXT;
