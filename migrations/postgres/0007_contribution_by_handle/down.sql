DROP INDEX contribution_by_handle;
