//! The commands; each is one file in `cli/`.

mod demo;
mod keys;
mod pack;
mod query;
mod run;
mod serve;
mod source;
mod user;
mod workspace;

use crate::config::Place;
use anyhow::Result;
use clap::{Parser, Subcommand};
pub use user::CONSOLE;

/// KPIs of a company from its own files: connect, land, transform, check, publish, and look at them.
#[derive(Parser)]
#[command(name = "mirante", version, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    pub place: Place,
    /// Log more
    #[arg(long, short, global = true)]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the boards; a workspace with nobody in it prints a link to set it up
    Serve(serve::Serve),
    /// Make an invented company, take its data through the whole flow, and serve it
    Demo(demo::Demo),
    /// Run once: connect, land, transform, check, publish
    Run(run::Run),
    /// Ask for metrics and print the answer
    Query(query::Query),
    /// Add, list and remove packs
    #[command(subcommand)]
    Pack(pack::Pack),
    /// Add, list, look at and remove sources
    #[command(subcommand)]
    Source(source::Source),
    /// Add, list, change and remove people, and let them sign in
    #[command(subcommand)]
    User(user::User),
    /// Change the key that seals secrets
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Show or change the company's name and time zone
    Workspace(workspace::Workspace),
}

pub async fn run(arguments: Arguments) -> Result<()> {
    let place = arguments.place;
    match arguments.command {
        Command::Serve(serve) => serve.run(&place).await,
        Command::Demo(demo) => demo.run(&place).await,
        Command::Run(run) => run.run(&place).await,
        Command::Query(query) => query.run(&place).await,
        Command::Pack(pack) => pack.run(&place).await,
        Command::Source(source) => source.run(&place).await,
        Command::User(user) => user.run(&place).await,
        Command::Keys(keys) => keys.run(&place).await,
        Command::Workspace(workspace) => workspace.run(&place).await,
    }
}
