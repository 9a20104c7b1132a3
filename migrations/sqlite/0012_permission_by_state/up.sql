CREATE INDEX permission_by_state ON permission (state, since);
