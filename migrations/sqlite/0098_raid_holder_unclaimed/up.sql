-- Holders without an issuer: empty but for a while after an upgrade.
CREATE INDEX raid_holder_unclaimed ON raid_holder (handle) WHERE issuer = '';
