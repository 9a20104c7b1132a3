CREATE TABLE agency_key (
    purpose TEXT NOT NULL CHECK (purpose IN ('sealing', 'links', 'tokens')),
    id TEXT NOT NULL,
    canary BLOB,
    first_used_at TIMESTAMP NOT NULL,
    replaced_at TIMESTAMP,
    retired_at TIMESTAMP,
    PRIMARY KEY (purpose, id)
);
