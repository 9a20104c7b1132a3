-- Older rows count as mailed once: an older version of this program does not count.
ALTER TABLE invitation DROP CONSTRAINT invitation_state_check,
    ADD CONSTRAINT invitation_state_check
        CHECK (state IN ('open', 'sent', 'accepted', 'failed', 'cancelled')),
    ADD COLUMN address_hash TEXT,
    ADD COLUMN mails INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN mailed_at TIMESTAMP;
