-- All that counts and the order of what was found ask for, so that neither reads documents. It begins with
-- the handle, so that no database takes it for a way to open RAiDs, of which there are most: a page then
-- sorts all of them. It is unique so that SQLite prefers it to the primary key.
CREATE UNIQUE INDEX raid_by_handle ON raid (handle, access, withdrawn_at, service_point_id, starts_on, ends_on, created_at);
