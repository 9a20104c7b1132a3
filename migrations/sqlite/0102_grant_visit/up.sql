-- The visit that is still to decide on the pair; none once it is decided.
ALTER TABLE orcid_grant ADD COLUMN visit TEXT;
