DROP INDEX raid_by_service_point;
