//! The house rules, each as a test that names what breaks it.

mod dependencies;
mod documents;
mod files;
