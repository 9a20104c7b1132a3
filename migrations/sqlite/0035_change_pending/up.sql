-- On PostgreSQL it holds the versions that have no position in the feed of changes yet. Here it stays
-- empty: there is one writer at a time, which gives the positions itself.
CREATE TABLE change_pending (
    entered BIGINT NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL,
    version INTEGER NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('open', 'embargoed')),
    service_point_id BIGINT NOT NULL,
    at TIMESTAMP NOT NULL
);
