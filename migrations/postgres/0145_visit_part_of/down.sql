DELETE FROM visit WHERE purpose = 'part_of';
ALTER TABLE visit DROP CONSTRAINT visit_purpose_check,
    ADD CONSTRAINT visit_purpose_check CHECK (purpose IN ('permission', 'invitation', 'refusal', 'not_me', 'stop_service_point', 'allow_service_point'));
