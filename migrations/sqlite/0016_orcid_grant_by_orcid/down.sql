DROP INDEX orcid_grant_by_orcid;
