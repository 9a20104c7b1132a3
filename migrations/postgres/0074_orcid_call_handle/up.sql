ALTER TABLE orcid_call ADD COLUMN handle TEXT;
