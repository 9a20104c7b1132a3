-- A JSON list of handles: the projects that the question names.
ALTER TABLE permission_request ADD COLUMN names TEXT;
