DROP INDEX raid_holder_unclaimed;
