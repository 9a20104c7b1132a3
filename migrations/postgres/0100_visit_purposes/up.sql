-- exchanging_at: since when its code may be at ORCID; none when that is settled.
ALTER TABLE visit DROP CONSTRAINT visit_purpose_check,
    ADD CONSTRAINT visit_purpose_check CHECK (purpose IN ('permission', 'invitation', 'refusal', 'not_me', 'stop_service_point', 'allow_service_point')),
    DROP CONSTRAINT visit_state_check,
    ADD CONSTRAINT visit_state_check CHECK (state IN ('open', 'exchanging', 'waiting', 'granted', 'confirmed', 'denied', 'other_person', 'handed_back', 'failed')),
    ADD COLUMN exchanging_at TIMESTAMP;
