CREATE INDEX visit_by_expiry ON visit (expires_at);
