CREATE INDEX permission_by_primary ON permission (primary_orcid);
