DROP TABLE orcid_call;
