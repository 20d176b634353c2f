//! The slice as those who use it see it: built, opened, asked.

mod editions;
mod hostile;
mod meaning;
mod oracle;
mod random;
mod same_answer;
