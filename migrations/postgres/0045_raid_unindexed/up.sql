-- RAiDs whose search index is not of their version: empty but for a while after an upgrade.
CREATE INDEX raid_unindexed ON raid (handle) WHERE indexed_version IS NULL OR indexed_version <> version;
