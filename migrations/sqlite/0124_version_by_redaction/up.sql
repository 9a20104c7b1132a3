CREATE INDEX raid_version_by_redaction ON raid_version (handle, version) WHERE redacted_at IS NOT NULL;
