//! The registration agency: one binary with its command line, configuration and wiring.
