//! Whole-workflow tests that drive the real binary over HTTP.
