DELETE FROM task WHERE kind = 'embargo';
