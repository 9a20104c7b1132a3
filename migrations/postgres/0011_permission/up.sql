CREATE TABLE permission (
    orcid TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('unasked', 'asked', 'granted', 'suspect', 'denied', 'ignored', 'revoked', 'disconnected', 'unreachable', 'deactivated', 'deprecated', 'locked')),
    since TIMESTAMP NOT NULL,
    suspicions INTEGER NOT NULL,
    primary_orcid TEXT,
    reason TEXT,
    updated_at TIMESTAMP NOT NULL
);
