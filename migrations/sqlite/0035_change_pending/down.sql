DROP TABLE change_pending;
