//! What a person is asked before an Airbyte connector can be run.
//!
//! Invariant: every parameter that the source reads is declared here.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

use crate::sources::python::parameters;

pub const KIND: &str = "airbyte";

pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    let manifest = Parameter::optional(
        "manifest",
        Takes::Lines,
        ("Manifesto", "Manifest"),
        (
            "YAML de um conector declarativo; o pacote é então `airbyte-cdk`.",
            "YAML of a declarative connector; the package is `airbyte-cdk` then.",
        ),
    );
    let package = parameters::package((
        "Por exemplo `airbyte-source-faker`. É instalado do PyPI num ambiente próprio, sem Docker, e roda com os direitos do Mirante: \
         a licença e a confiança são do pacote.",
        "For example `airbyte-source-faker`. It is installed from PyPI into an environment of its own, without Docker, and runs with \
         Mirante's rights: its licence and its trust are the package's own.",
    ));
    SourceKind {
        kind: KIND.to_owned(),
        title: said("Conector Airbyte", "Airbyte connector"),
        about: said(
            "Qualquer conector de origem do Airbyte que se instale como pacote Python, ou um manifesto YAML próprio, sem Docker. \
             Precisa de Python 3 na máquina.",
            "Any Airbyte source connector that installs as a Python package, or a YAML manifest of your own, without Docker. \
             Needs Python 3 on the machine.",
        ),
        parameters: package
            .into_iter()
            .chain([manifest, parameters::config()])
            .chain(parameters::reading())
            .collect(),
        promised_minutes: 1440,
    }
}
