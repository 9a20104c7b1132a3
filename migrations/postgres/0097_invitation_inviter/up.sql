-- By which right somebody invited, and who owned the RAiD then. NULL in rows from before.
ALTER TABLE invitation
    ADD COLUMN inviter_issuer TEXT,
    ADD COLUMN inviter_right TEXT CONSTRAINT invitation_inviter_right_check
        CHECK (inviter_right IN ('operator', 'service-point', 'holder')),
    ADD COLUMN service_point_id BIGINT;
