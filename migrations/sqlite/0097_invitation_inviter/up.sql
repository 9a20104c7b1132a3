-- By which right somebody invited, and who owned the RAiD then. NULL in rows from before.
ALTER TABLE invitation ADD COLUMN inviter_issuer TEXT;
ALTER TABLE invitation ADD COLUMN inviter_right TEXT CHECK (inviter_right IN ('operator', 'service-point', 'holder'));
ALTER TABLE invitation ADD COLUMN service_point_id BIGINT;
