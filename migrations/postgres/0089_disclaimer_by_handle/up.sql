CREATE INDEX disclaimer_by_handle ON disclaimer (handle);
