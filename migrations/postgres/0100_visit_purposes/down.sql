DELETE FROM visit WHERE purpose IN ('refusal', 'not_me');
UPDATE visit SET state = 'failed' WHERE state IN ('confirmed', 'handed_back');
ALTER TABLE visit DROP CONSTRAINT visit_purpose_check,
    ADD CONSTRAINT visit_purpose_check CHECK (purpose IN ('permission', 'invitation')),
    DROP CONSTRAINT visit_state_check,
    ADD CONSTRAINT visit_state_check CHECK (state IN ('open', 'exchanging', 'waiting', 'granted', 'denied', 'other_person', 'failed')),
    DROP COLUMN exchanging_at;
