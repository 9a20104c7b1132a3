CREATE INDEX visit_by_exchange ON visit (exchanging_at) WHERE exchanging_at IS NOT NULL;
