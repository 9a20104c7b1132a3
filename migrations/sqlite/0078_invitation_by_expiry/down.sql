DROP INDEX invitation_by_expiry;
