CREATE TABLE invitation_before (
    id BLOB NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL REFERENCES raid (handle),
    state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'accepted', 'failed')),
    email BLOB,
    contribution TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    accepted_by TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
INSERT INTO invitation_before
SELECT id, handle, state, email, contribution, invited_by, accepted_by, created_at, expires_at
FROM invitation WHERE state <> 'cancelled';
DROP TABLE invitation;
ALTER TABLE invitation_before RENAME TO invitation;
CREATE INDEX invitation_by_handle ON invitation (handle, created_at);
