CREATE INDEX naming_by_state ON naming (service_point_id, state, named_at, orcid);
