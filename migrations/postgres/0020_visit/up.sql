CREATE TABLE visit (
    nonce TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('permission', 'invitation')),
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'exchanging', 'granted', 'denied', 'other_person', 'failed')),
    orcid TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
