//! The registration agency's command line.
fn main() {}
