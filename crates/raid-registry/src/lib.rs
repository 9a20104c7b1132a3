//! The REST API: mint, update and read RAiDs, service points, authentication.
