ALTER TABLE orcid_grant DROP COLUMN visit;
