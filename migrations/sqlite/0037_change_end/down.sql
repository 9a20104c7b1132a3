DROP TABLE change_end;
