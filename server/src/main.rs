//! The binary `mirante`.
fn main() {}
