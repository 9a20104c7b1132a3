CREATE TABLE orcid_grant (
    id BLOB NOT NULL PRIMARY KEY,
    orcid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'foreign')),
    access_token BLOB NOT NULL,
    refresh_token BLOB,
    scope TEXT NOT NULL,
    expires_at TIMESTAMP,
    granted_at TIMESTAMP NOT NULL
);
