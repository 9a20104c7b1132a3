CREATE INDEX contribution_by_handle ON contribution (handle);
