ALTER TABLE raid_version DROP COLUMN redaction_reason;
ALTER TABLE raid_version DROP COLUMN redacted_by_issuer;
ALTER TABLE raid_version DROP COLUMN redacted_by;
ALTER TABLE raid_version DROP COLUMN redacted_at;
