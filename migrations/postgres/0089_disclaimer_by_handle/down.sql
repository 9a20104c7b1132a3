DROP INDEX disclaimer_by_handle;
