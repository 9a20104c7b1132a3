CREATE INDEX orcid_call_by_orcid ON orcid_call (orcid, at);
