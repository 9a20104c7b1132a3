-- This and the indexes after it hold all columns that lists, searches and counts ask for, so that these
-- open no RAiD but those that they answer. None begins with a column of few values, such as the access:
-- SQLite would take it for a way to open few RAiDs, and sort all of them for each page. This one is unique
-- so that SQLite prefers it to the primary key.
CREATE UNIQUE INDEX raid_by_handle ON raid (handle, access, withdrawn_at, service_point_id, starts_on, ends_on, updated_at, created_at);
