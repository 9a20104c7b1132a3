ALTER TABLE visit DROP CONSTRAINT visit_state_check,
    ADD CONSTRAINT visit_state_check CHECK (state IN ('open', 'exchanging', 'waiting', 'granted', 'denied', 'other_person', 'failed'));
