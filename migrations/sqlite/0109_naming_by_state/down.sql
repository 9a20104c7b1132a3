DROP INDEX naming_by_state;
