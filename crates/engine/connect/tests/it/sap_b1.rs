//! SAP Business One against a Service Layer of its own, over real sockets.

mod company;
mod faults;
mod following;
mod scripted;
mod session;
mod settings;
mod strange;
mod whole;
