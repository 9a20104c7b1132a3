CREATE INDEX raid_term_by_reader ON raid_term (kind, value, only_for, handle);
