DELETE FROM change_end;
