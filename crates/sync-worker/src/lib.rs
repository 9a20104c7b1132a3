//! Making ORCID records agree with the RAiDs.
