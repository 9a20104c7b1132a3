CREATE INDEX raid_words_index ON raid_words USING gin (words);
