ALTER TABLE invitation DROP COLUMN inviter_issuer;
ALTER TABLE invitation DROP COLUMN inviter_right;
ALTER TABLE invitation DROP COLUMN service_point_id;
