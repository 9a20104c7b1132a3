UPDATE visit SET state = 'failed' WHERE state = 'waiting';
ALTER TABLE visit DROP CONSTRAINT visit_state_check,
    ADD CONSTRAINT visit_state_check CHECK (state IN ('open', 'exchanging', 'granted', 'denied', 'other_person', 'failed'));
