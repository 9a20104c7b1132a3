DROP INDEX invitation_by_handle;
