DROP TABLE orcid_grant;
