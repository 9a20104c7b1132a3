CREATE INDEX orcid_grant_by_orcid ON orcid_grant (orcid, state);
