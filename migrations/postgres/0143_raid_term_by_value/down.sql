CREATE INDEX raid_term_by_value ON raid_term (kind, value, handle);
