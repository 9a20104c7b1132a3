-- A JSON object: a digest of what the question says of each project.
ALTER TABLE permission_request ADD COLUMN says TEXT;
