//! `cargo xtask`: everything that building, running and testing Mirante takes, from a bare machine with rustup, a C compiler,
//! node and git.
//!
//! Holds no product code. Invariant: what a machine lacks is installed here, or named with the command that installs it.

mod bench;
mod machine;
mod server;
mod site;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, run and test Mirante")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build in release and start the demo company on http://127.0.0.1:3000
    Run {
        /// Passed on to `mirante demo`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Install what the tests need, then run every test
    Test {
        /// Run only these stages: rust, xtask, browser
        stages: Vec<String>,
    },
    /// Build the release binary
    Build,
    /// Build only the browser's part and print where it lies
    Site,
    /// Run the benchmarks, each beside its peer, and write bench/results
    Bench { name: Option<String> },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run { arguments } => server::run(&arguments),
        Command::Test { stages } => test::stages(&stages),
        Command::Build => {
            let binary = server::build_release()?;
            println!("{}", binary.display());
            Ok(())
        }
        Command::Site => {
            println!("{}", site::build()?.display());
            Ok(())
        }
        Command::Bench { name } => bench::run_benchmarks(name.as_deref()),
    }
}
