//! Numbers, money, dates and small words as text in Brazilian Portuguese and English.
//!
//! Reads no clock and no locale of the machine, holds no calendar (`kpi`) and no sentences of pages (`app`).
//! Invariant: the same input gives the same bytes in native code and in WASM, equal to ECMAScript's `Intl` but for our
//! own typography: U+2212 for minus, U+00A0 between number and unit, months without a point.

pub mod age;
pub mod axis;
pub mod bucket;
pub mod date;
pub mod decimal;
pub mod duration;
pub mod lang;
pub mod list;
pub mod money;
pub mod number;
pub mod plural;
pub mod show;

pub use axis::Axis;
pub use decimal::{Decimals, Sign};
pub use lang::Lang;
pub use number::Number;
pub use plural::Plural;
pub use show::Shown;

/// What stands for a value that does not exist: a null, a zero denominator, a number that is not finite.
pub const NONE: &str = "—";

/// Glue between a number and its unit.
pub const NBSP: char = '\u{a0}';

/// The sign of negative numbers.
pub const MINUS: char = '\u{2212}';
