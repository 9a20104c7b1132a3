-- The feed of changes: every version once, at a position that counts up from 1 without a gap, with who
-- could see the RAiD then.
CREATE TABLE change (
    position BIGINT NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL,
    version INTEGER NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('open', 'embargoed')),
    service_point_id BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    UNIQUE (handle, version)
);
