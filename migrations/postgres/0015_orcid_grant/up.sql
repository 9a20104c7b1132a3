CREATE TABLE orcid_grant (
    id UUID NOT NULL PRIMARY KEY,
    orcid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'foreign')),
    access_token BYTEA NOT NULL,
    refresh_token BYTEA,
    scope TEXT NOT NULL,
    expires_at TIMESTAMP,
    granted_at TIMESTAMP NOT NULL
);
