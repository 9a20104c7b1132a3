CREATE INDEX invitation_by_handle ON invitation (handle, created_at);
