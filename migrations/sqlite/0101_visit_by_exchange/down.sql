DROP INDEX visit_by_exchange;
