ALTER TABLE visit DROP CONSTRAINT visit_purpose_check,
    ADD CONSTRAINT visit_purpose_check CHECK (purpose IN ('permission', 'invitation', 'refusal', 'not_me', 'part_of', 'stop_service_point', 'allow_service_point'));
