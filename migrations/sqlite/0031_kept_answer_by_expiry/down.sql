DROP INDEX kept_answer_by_expiry;
