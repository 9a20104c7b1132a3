DROP TABLE raid_term;
