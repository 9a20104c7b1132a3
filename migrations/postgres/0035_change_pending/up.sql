-- Versions that have no position in the feed of changes yet. What is committed gets one when the feed
-- is read next. No references: the statement that enters a row writes its version, too.
CREATE TABLE change_pending (
    entered BIGSERIAL PRIMARY KEY,
    handle TEXT NOT NULL,
    version INTEGER NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('open', 'embargoed')),
    service_point_id BIGINT NOT NULL,
    at TIMESTAMP NOT NULL
);
