-- SQLite cannot change a CHECK, so the table is rebuilt.
-- Older rows count as mailed once: an older version of this program does not count.
CREATE TABLE invitation_next (
    id BLOB NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL REFERENCES raid (handle),
    state TEXT NOT NULL CHECK (state IN ('open', 'sent', 'accepted', 'failed', 'cancelled')),
    email BLOB,
    contribution TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    accepted_by TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    address_hash TEXT,
    mails INTEGER NOT NULL DEFAULT 1,
    mailed_at TIMESTAMP
);
INSERT INTO invitation_next (
    id, handle, state, email, contribution, invited_by, accepted_by, created_at, expires_at
)
SELECT id, handle, state, email, contribution, invited_by, accepted_by, created_at, expires_at
FROM invitation;
DROP TABLE invitation;
ALTER TABLE invitation_next RENAME TO invitation;
CREATE INDEX invitation_by_handle ON invitation (handle, created_at);
