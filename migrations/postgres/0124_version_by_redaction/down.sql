DROP INDEX raid_version_by_redaction;
