DELETE FROM invitation WHERE state = 'cancelled';
ALTER TABLE invitation DROP CONSTRAINT invitation_state_check,
    ADD CONSTRAINT invitation_state_check CHECK (state IN ('open', 'sent', 'accepted', 'failed')),
    DROP COLUMN address_hash,
    DROP COLUMN mails,
    DROP COLUMN mailed_at;
