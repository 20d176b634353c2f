//! Rules, principals and questions drawn at random, held against an oracle that looks at every row.

mod isolation;
mod world;
