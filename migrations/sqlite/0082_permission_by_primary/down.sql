DROP INDEX permission_by_primary;
