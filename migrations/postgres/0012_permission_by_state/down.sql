DROP INDEX permission_by_state;
