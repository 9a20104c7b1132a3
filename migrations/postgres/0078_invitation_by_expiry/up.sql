-- Only invitations whose address is not forgotten yet.
CREATE INDEX invitation_by_expiry ON invitation (expires_at) WHERE email IS NOT NULL OR address_hash IS NOT NULL;
