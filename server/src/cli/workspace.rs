//! `mirante workspace`: the company's name, its time zone and language, and what it takes for today.

use crate::config::{Config, Place};
use crate::house::{House, today};
use anyhow::Result;
use chrono::NaiveDate;
use locale::Lang;

#[derive(clap::Args)]
pub struct Workspace {
    /// The company's name, as its pages show it
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    /// Days begin and end there: America/Sao_Paulo
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    time_zone: Option<String>,
    /// pt-BR or en, for whoever has chosen none; `browser` leaves it to theirs
    #[arg(long, value_name = "pt-BR|en|browser", value_parser = language)]
    language: Option<Language>,
    /// Pretend that this is today; `now` ends it
    #[arg(long, value_name = "DATE|now", value_parser = pretended)]
    today: Option<Pretended>,
}

/// A day that is taken for today, or none.
#[derive(Clone, Copy)]
struct Pretended(Option<NaiveDate>);

/// A language, or the browser's.
#[derive(Clone, Copy)]
struct Language(Option<Lang>);

fn language(text: &str) -> Result<Language, String> {
    if text == "browser" {
        return Ok(Language(None));
    }
    Lang::parse(text)
        .map(|lang| Language(Some(lang)))
        .ok_or_else(|| "is none; there are pt-BR and en".to_owned())
}

fn zone(text: &str) -> Result<String, String> {
    match text.parse::<chrono_tz::Tz>() {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_) => Err("is no time zone; use a name such as America/Sao_Paulo".to_owned()),
    }
}

fn pretended(text: &str) -> Result<Pretended, String> {
    if text == "now" {
        return Ok(Pretended(None));
    }
    text.parse()
        .map(|day| Pretended(Some(day)))
        .map_err(|_| "is no day; write it as 2026-06-30, or now".to_owned())
}

impl Workspace {
    /// Changes what is given, and prints what holds then.
    pub async fn run(self, place: &Place) -> Result<()> {
        let house = House::open(Config::load(place)?).await?;
        let mut workspace = house.metastore.workspace().await?;
        workspace.company = self.company.unwrap_or(workspace.company);
        workspace.time_zone = self.time_zone.unwrap_or(workspace.time_zone);
        if let Some(Language(language)) = self.language {
            workspace.language = language.map(|lang| lang.tag().to_owned());
        }
        workspace.today = self.today.map_or(workspace.today, |Pretended(day)| day);
        let today = today(&workspace)?;
        house.metastore.set_workspace(&workspace).await?;
        println!("company\t{}", workspace.company);
        println!("time zone\t{}", workspace.time_zone);
        println!("language\t{}", workspace.language.as_deref().unwrap_or("browser"));
        println!("today\t{today}{}", if workspace.today.is_some() { " (pretended)" } else { "" });
        Ok(())
    }
}
