DROP INDEX orcid_call_by_at;
