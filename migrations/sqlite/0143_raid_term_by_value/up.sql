DROP INDEX raid_term_by_value;
