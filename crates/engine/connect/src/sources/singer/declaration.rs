//! What a person is asked before a Singer tap can be run.
//!
//! Invariant: every parameter that the source reads is declared here.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

use crate::sources::python::parameters;

pub const KIND: &str = "singer";

pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    let flag = Parameter::with_default(
        "catalog_flag",
        Takes::Choice(vec!["catalog".to_owned(), "properties".to_owned()]),
        "catalog",
        ("Argumento do catálogo", "Argument of the catalog"),
        ("Taps antigos esperam `--properties`.", "Old taps expect `--properties`."),
    );
    let package = parameters::package((
        "Por exemplo `tap-rest-api-msdk`. É instalado do PyPI num ambiente próprio e roda com os direitos do Mirante: a licença e a confiança \
         são do pacote.",
        "For example `tap-rest-api-msdk`. It is installed from PyPI into an environment of its own and runs with Mirante's rights: its \
         licence and its trust are the package's own.",
    ));
    SourceKind {
        kind: KIND.to_owned(),
        title: said("Tap Singer", "Singer tap"),
        about: said(
            "Qualquer tap do Singer que se instale como pacote Python. Precisa de Python 3 na máquina.",
            "Any Singer tap that installs as a Python package. Needs Python 3 on the machine.",
        ),
        parameters: package
            .into_iter()
            .chain([parameters::config()])
            .chain(parameters::reading())
            .chain([flag])
            .collect(),
        promised_minutes: 1440,
    }
}
