-- False for a question that was archived unread because it was not true any more.
ALTER TABLE permission_request ADD COLUMN counted BOOLEAN NOT NULL DEFAULT TRUE;
