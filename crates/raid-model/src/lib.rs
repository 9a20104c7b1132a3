//! What a RAiD is: metadata blocks, identifiers, vocabularies, validation. No I/O.
