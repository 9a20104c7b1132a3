-- The words come folded and separated by spaces; all that is not ASCII is part of one.
CREATE VIRTUAL TABLE raid_words_index USING fts5 (title, text, content = '', contentless_delete = 1, tokenize = 'ascii');
