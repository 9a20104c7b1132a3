CREATE TABLE visit_before (
    nonce TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('permission', 'invitation')),
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'exchanging', 'granted', 'denied', 'other_person', 'failed')),
    orcid TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
UPDATE visit SET state = 'failed' WHERE state = 'waiting';
INSERT INTO visit_before SELECT * FROM visit;
DROP TABLE visit;
ALTER TABLE visit_before RENAME TO visit;
CREATE INDEX visit_by_expiry ON visit (expires_at);
