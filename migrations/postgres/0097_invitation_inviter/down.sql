ALTER TABLE invitation
    DROP COLUMN inviter_issuer,
    DROP COLUMN inviter_right,
    DROP COLUMN service_point_id;
