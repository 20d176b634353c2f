//! `mirante source add <kind>` for every kind of source that declares what it has to be told.
//!
//! Knows no kind: flags and help are made from the declarations. Invariant: a secret is never an argument, because arguments can be read
//! by everybody on the machine; it comes from the environment, a file or standard input.

use crate::house::House;
use crate::terminal::BadUsage;
use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, Subcommand};
use contract::sources::{Parameter, SourceKind, Takes};
use metastore::sources::SourceRow;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read;

/// A source as the command line describes it, secrets still where they lie.
#[derive(Debug, Clone)]
pub struct AddDeclared {
    kind: SourceKind,
    name: String,
    promise: Option<u64>,
    schedule: Option<String>,
    given: BTreeMap<String, String>,
}

impl Subcommand for AddDeclared {
    fn augment_subcommands(command: Command) -> Command {
        connect::kinds().into_iter().fold(command, |command, kind| command.subcommand(subcommand(&kind)))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        connect::kinds().iter().any(|kind| kind.kind == name)
    }
}

impl FromArgMatches for AddDeclared {
    fn from_arg_matches(matches: &ArgMatches) -> Result<AddDeclared, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        let kind = connect::kinds().into_iter().find(|kind| kind.kind == name).ok_or_else(missing)?;
        let given = kind.parameters.iter().filter_map(|parameter| {
            let value = matches.get_one::<String>(&parameter.name)?;
            Some((parameter.name.clone(), value.clone()))
        });
        Ok(AddDeclared {
            given: given.collect(),
            name: matches.get_one::<String>("name").cloned().ok_or_else(missing)?,
            promise: matches.get_one::<u64>("promise").copied(),
            schedule: matches.get_one::<String>("schedule").cloned(),
            kind,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The command line wants its names for as long as the process lives; there are a few dozen, made once.
fn lasting(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

fn subcommand(kind: &SourceKind) -> Command {
    let english = |label: &kpi::definition::Label| label.en.clone().unwrap_or_else(|| label.pt.clone());
    let argument = |parameter: &Parameter| {
        let mut help = english(&parameter.help);
        if let Takes::Choice(words) = &parameter.takes {
            help.push_str(&format!(" [{}]", words.join(", ")));
        }
        if let Some(default) = &parameter.default {
            help.push_str(&format!(" (default {default})"));
        }
        let value = match parameter.takes {
            Takes::Secret => "env:NAME|file:PATH|-",
            Takes::Address => "URL",
            Takes::Number { .. } => "NUMBER",
            Takes::Flag => "true|false",
            Takes::Lines => "TEXT|@FILE",
            Takes::Text | Takes::Choice(_) => "TEXT",
        };
        Arg::new(lasting(parameter.name.clone()))
            .long(lasting(parameter.name.replace('_', "-")))
            .value_name(value)
            .help(help)
            .required(parameter.required)
            // Certificates and lists begin with hyphens.
            .allow_hyphen_values(parameter.takes == Takes::Lines)
            .action(ArgAction::Set)
    };
    let promise = format!(
        "How old its data may get before readers are told, in minutes (default {})",
        kind.promised_minutes
    );
    Command::new(lasting(kind.kind.clone()))
        .about(english(&kind.about))
        // Connectors have a `--version` of their own.
        .disable_version_flag(true)
        .arg(
            Arg::new("name")
                .long("name")
                .required(true)
                .help("The source's name, the first part of its tables"),
        )
        .args(kind.parameters.iter().map(argument))
        .arg(
            Arg::new("promise")
                .long("promise")
                .value_name("MINUTES")
                .value_parser(clap::value_parser!(u64))
                .help(promise),
        )
        .arg(Arg::new("schedule").long("schedule").value_name("WHEN").value_parser(clap::value_parser!(String)).help(
            "When it is read: `every 30m`, `manual`, or a cron expression such as `0 6 * * 1-5` (default: often enough to keep its promise)",
        ))
}

impl AddDeclared {
    pub async fn run(self, house: &House) -> Result<()> {
        let row = SourceRow {
            name: self.name,
            kind: self.kind.kind.clone(),
            params: Value::Object(Map::new()),
            secrets: BTreeMap::new(),
            promised_minutes: Some(self.promise.unwrap_or(self.kind.promised_minutes)),
            schedule: self.schedule.as_deref().map(scheduled).transpose()?,
        };
        let row = told(house, row, &self.kind, &self.given)?;
        house.metastore.add_source(&row).await?;
        println!(
            "added source `{0}`; `mirante source test {0}` tries it out, `mirante run` reads it",
            row.name
        );
        Ok(())
    }
}

/// What every source is told, whatever its kind.
const OWN: [&str; 3] = ["schedule=", "promise=", "streams="];

/// Changes what a source was told: `PARAMETER=VALUE`, secrets as `PARAMETER=env:NAME` and the like. Its bookmarks stay.
pub async fn set(house: &House, mut row: SourceRow, changes: &[String]) -> Result<()> {
    let (own, changes): (Vec<_>, Vec<_>) =
        changes.iter().cloned().partition(|change| OWN.iter().any(|own| change.starts_with(own)));
    for change in &own {
        match change.split_once('=') {
            Some(("schedule", words)) => row.schedule = Some(scheduled(words)?),
            Some(("streams", names)) => super::governed::choose_streams(house, &row, names).await?,
            Some((_, minutes)) => {
                let minutes = minutes.parse();
                row.promised_minutes = Some(
                    minutes.map_err(|_| BadUsage(format!("`{change}`: a promise is a number of minutes")))?,
                );
            }
            None => {}
        }
    }
    if changes.is_empty() {
        house.metastore.change_source(&row).await?;
        println!("changed source `{}`", row.name);
        return Ok(());
    }
    let Some(kind) = connect::kinds().into_iter().find(|kind| kind.kind == row.kind) else {
        let why = format!(
            "source `{}` is of kind `{}`, which is told everything when it is added; remove it and add it anew",
            row.name, row.kind
        );
        return Err(BadUsage(why).into());
    };
    let mut given = BTreeMap::new();
    for change in &changes {
        let (name, value) = change.split_once('=').ok_or_else(|| {
            BadUsage(format!("`{change}` needs the form PARAMETER=VALUE, such as {}", example(&kind)))
        })?;
        given.insert(name.replace('-', "_"), value.to_owned());
    }
    let row = told(house, row, &kind, &given)?;
    house.metastore.change_source(&row).await?;
    println!("changed source `{0}`; `mirante source test {0}` tries it out", row.name);
    Ok(())
}

fn example(kind: &SourceKind) -> String {
    kind.parameters.first().map(|parameter| format!("{}=…", parameter.name)).unwrap_or_default()
}

/// A schedule's words, if they are one.
pub fn scheduled(words: &str) -> Result<String> {
    let schedule: pipeline::Schedule = words.parse().map_err(BadUsage)?;
    Ok(schedule.to_string())
}

/// The source with these values on top of what it was told before.
///
/// # Errors
/// What cannot be opened is refused now, not at the next run.
fn told(
    house: &House,
    mut row: SourceRow,
    kind: &SourceKind,
    given: &BTreeMap<String, String>,
) -> Result<SourceRow> {
    for (name, value) in given {
        let parameter = kind.parameter(name).ok_or_else(|| {
            let known: Vec<&str> = kind.parameters.iter().map(|known| known.name.as_str()).collect();
            BadUsage(format!("kind `{}` has no parameter `{name}`; it has {}", kind.kind, known.join(", ")))
        })?;
        match parameter.takes {
            Takes::Secret => {
                let sealed = house.metastore.seal_secret(&row.name, name, &secret(name, value)?)?;
                row.secrets.insert(name.clone(), sealed);
            }
            Takes::Lines => row.params[name] = lines(name, value)?.into(),
            _ => row.params[name] = value.clone().into(),
        }
    }
    connect::open(&row.kind, &row.name, &house.metastore.settings_of(&row)?, &house.surroundings)
        .map_err(|error| BadUsage(error.to_string()))?;
    Ok(row)
}

/// A secret from where the argument says it lies.
fn secret(name: &str, place: &str) -> Result<String> {
    let flag = name.replace('_', "-");
    let text = if let Some(variable) = place.strip_prefix("env:") {
        std::env::var(variable)
            .map_err(|_| BadUsage(format!("--{flag}: the environment has no variable `{variable}`")))?
    } else if let Some(path) = place.strip_prefix("file:") {
        std::fs::read_to_string(path)
            .map_err(|error| BadUsage(format!("--{flag}: `{path}` cannot be read ({error})")))?
    } else if place == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        text
    } else {
        let why = "arguments can be read by everybody on this machine";
        return Err(
            BadUsage(format!("--{flag} takes env:NAME, file:PATH or - for standard input; {why}")).into()
        );
    };
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A long text, or the file that holds it.
fn lines(name: &str, value: &str) -> Result<String> {
    let Some(path) = value.strip_prefix('@') else { return Ok(value.to_owned()) };
    let refused =
        |error| BadUsage(format!("--{}: `{path}` cannot be read ({error})", name.replace('_', "-")));
    Ok(std::fs::read_to_string(path).map_err(refused)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_every_kind_are_arguments_without_a_clash() {
        AddDeclared::augment_subcommands(Command::new("add").version("1")).debug_assert();
    }
}
