CREATE INDEX orcid_call_by_at ON orcid_call (at, id);
