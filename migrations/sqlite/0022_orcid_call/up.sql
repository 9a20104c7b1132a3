CREATE TABLE orcid_call (
    id BLOB NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    orcid TEXT,
    outcome TEXT NOT NULL,
    status INTEGER,
    error_code INTEGER,
    millis INTEGER NOT NULL,
    node TEXT NOT NULL
);
