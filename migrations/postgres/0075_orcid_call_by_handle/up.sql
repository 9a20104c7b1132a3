CREATE INDEX orcid_call_by_handle ON orcid_call (handle, at);
