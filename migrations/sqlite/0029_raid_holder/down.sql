DROP TABLE raid_holder;
