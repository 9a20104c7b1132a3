CREATE INDEX permission_request_by_orcid ON permission_request (orcid, asked_at);
