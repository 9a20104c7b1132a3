ALTER TABLE orcid_call DROP COLUMN handle;
