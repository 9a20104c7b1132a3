CREATE TABLE permission_request (
    id UUID NOT NULL PRIMARY KEY,
    orcid TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('posting', 'open', 'withdrawing', 'closed')),
    put_code BIGINT,
    asked_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP
);
