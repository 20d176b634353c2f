//! What a person is asked before a JSON API can be read.
//!
//! Knows nothing of the document in `streams` (`streams`). Invariant: every parameter that the source reads is declared here.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

pub const KIND: &str = "http_json";

pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    let address = Parameter::required(
        "address",
        Takes::Address,
        ("Endereço", "Address"),
        (
            "Começo comum de todos os caminhos, como https://api.empresa.com.br/v1.",
            "What all paths begin with, such as https://api.company.com/v1.",
        ),
    );
    SourceKind {
        kind: KIND.to_owned(),
        title: said("API JSON", "JSON API"),
        about: said(
            "Qualquer API que responde listas em JSON, página por página: os fluxos são descritos em YAML, sem programar.",
            "Any API that answers with lists in JSON, page by page: its streams are described in YAML, without programming.",
        ),
        parameters: std::iter::once(address).chain(signing_in()).chain(oauth()).chain(reading()).collect(),
        promised_minutes: 60,
    }
}

fn signing_in() -> [Parameter; 4] {
    [
        Parameter::with_default(
            "auth",
            Takes::Choice(["none", "bearer", "header", "query", "basic", "oauth2"].map(str::to_owned).into()),
            "none",
            ("Autenticação", "Authentication"),
            (
                "Onde vai o segredo: Authorization: Bearer, um cabeçalho, um parâmetro do endereço, usuário e senha, ou OAuth 2 (client credentials).",
                "Where the secret goes: Authorization: Bearer, a header, a parameter of the address, user and password, or OAuth 2 (client credentials).",
            ),
        ),
        Parameter::optional(
            "secret",
            Takes::Secret,
            ("Segredo", "Secret"),
            (
                "Chave, token, senha ou client secret. É guardado cifrado.",
                "Key, token, password or client secret. It is kept sealed.",
            ),
        ),
        Parameter::optional(
            "secret_name",
            Takes::Text,
            ("Nome do cabeçalho ou parâmetro", "Name of the header or parameter"),
            (
                "Com header (padrão X-API-Key) ou query (padrão api_key).",
                "With header (default X-API-Key) or query (default api_key).",
            ),
        ),
        Parameter::optional(
            "user",
            Takes::Text,
            ("Usuário", "User"),
            ("Com basic; com oauth2, o client id.", "With basic; with oauth2 the client id."),
        ),
    ]
}

fn oauth() -> [Parameter; 2] {
    [
        Parameter::optional(
            "token_address",
            Takes::Address,
            ("Endereço do token", "Address of the token"),
            (
                "Com oauth2, como https://login.empresa.com.br/oauth/token.",
                "With oauth2, such as https://login.company.com/oauth/token.",
            ),
        ),
        Parameter::optional(
            "scope",
            Takes::Text,
            ("Escopo", "Scope"),
            ("Com oauth2, se a API pedir um.", "With oauth2, where the API wants one."),
        ),
    ]
}

fn reading() -> [Parameter; 3] {
    [
        Parameter::required(
            "streams",
            Takes::Lines,
            ("Fluxos", "Streams"),
            (
                "YAML ou JSON, um item por fluxo: `- {name: pedidos, path: orders, records: data, key: id, paging: {by: page, parameter: page, size: 100, \
                 size_parameter: per_page}, incremental: {field: updated_at, parameter: updated_since}}`. Tudo está em docs/http_json.md.",
                "YAML or JSON, one item per stream: `- {name: orders, path: orders, records: data, key: id, paging: {by: page, parameter: page, size: 100, \
                 size_parameter: per_page}, incremental: {field: updated_at, parameter: updated_since}}`. docs/http_json.md tells all of it.",
            ),
        ),
        Parameter::optional(
            "headers",
            Takes::Lines,
            ("Cabeçalhos", "Headers"),
            (
                "Um por linha, como Accept-Language: pt-BR. Não são segredo: chaves vão em Autenticação.",
                "One per line, such as Accept-Language: pt-BR. They are no secret: keys belong into Authentication.",
            ),
        ),
        Parameter::with_default(
            "per_minute",
            Takes::Number { min: 1, max: 6000 },
            "120",
            ("Consultas por minuto", "Requests per minute"),
            (
                "Quantas a API permite. Retry-After é respeitado de qualquer modo.",
                "How many the API allows. Retry-After is kept in any case.",
            ),
        ),
    ]
}
