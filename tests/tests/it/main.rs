//! Whole-workflow tests, each on both databases.

mod workflow;
