DROP INDEX visit_by_expiry;
