-- Of a redacted version the document is gone; who redacted it, when and why stays.
ALTER TABLE raid_version ADD COLUMN redacted_at TIMESTAMP;
ALTER TABLE raid_version ADD COLUMN redacted_by TEXT;
ALTER TABLE raid_version ADD COLUMN redacted_by_issuer TEXT;
ALTER TABLE raid_version ADD COLUMN redaction_reason TEXT;
