CREATE INDEX kept_answer_by_expiry ON kept_answer (expires_at);
