-- For the deletion of old calls, which are kept for another time when they failed.
CREATE INDEX orcid_call_by_outcome ON orcid_call (outcome, at);
