CREATE TABLE invitation (
    id UUID NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL REFERENCES raid (handle),
    state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'accepted', 'failed')),
    email BYTEA,
    contribution JSONB NOT NULL,
    invited_by TEXT NOT NULL,
    accepted_by TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
