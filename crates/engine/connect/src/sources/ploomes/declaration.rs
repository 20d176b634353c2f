//! What a person is asked before Ploomes can be read.
//!
//! Invariant: every parameter that the source reads is declared here.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

pub const KIND: &str = "ploomes";

pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    SourceKind {
        kind: KIND.to_owned(),
        title: said("Ploomes CRM", "Ploomes CRM"),
        about: said(
            "Negócios, contatos, propostas, vendas, produtos e tarefas, com os campos da empresa e uma foto diária das etapas. \
             Precisa da chave de um usuário de integração com perfil de administrador.",
            "Deals, contacts, quotes, orders, products and tasks, with the company's own fields and a daily snapshot of stages. \
             Needs the key of an integration user with the administrator profile.",
        ),
        parameters: access().into_iter().chain(reading()).chain(sweeping()).collect(),
        promised_minutes: 15,
    }
}

fn access() -> [Parameter; 2] {
    [
        Parameter::required(
            "user_key",
            Takes::Secret,
            ("Chave da API", "API key"),
            (
                "Em Administração > Integrações > Usuários de integração. Com outro perfil que não administrador, faltam registros.",
                "Under Administração > Integrações > Usuários de integração. With any profile but administrator, records are missing.",
            ),
        ),
        Parameter::with_default(
            "address",
            Takes::Address,
            "https://public-api2.ploomes.com",
            ("Endereço", "Address"),
            ("Só mude se a Ploomes indicar outro.", "Change it only if Ploomes names another one."),
        ),
    ]
}

fn reading() -> [Parameter; 3] {
    [
        Parameter::optional(
            "since",
            Takes::Text,
            ("Desde", "Since"),
            (
                "Primeira leitura: só registros alterados desde esse dia (AAAA-MM-DD). Vazio lê tudo.",
                "First reading: only records changed since that day (YYYY-MM-DD). Empty reads everything.",
            ),
        ),
        Parameter::with_default(
            "page",
            Takes::Number { min: 1, max: 300 },
            "300",
            ("Registros por página", "Records per page"),
            ("O máximo da API é 300.", "The API's maximum is 300."),
        ),
        Parameter::with_default(
            "per_minute",
            Takes::Number { min: 1, max: 6000 },
            "110",
            ("Consultas por minuto", "Requests per minute"),
            (
                "A conta tem 120, divididas entre todas as integrações; dê mais só se a Ploomes concedeu mais.",
                "The account has 120, shared by all integrations; give more only where Ploomes granted more.",
            ),
        ),
    ]
}

fn sweeping() -> [Parameter; 3] {
    [
        Parameter::with_default(
            "sweep",
            Takes::Choice(["on", "dry_run", "off"].map(str::to_owned).into()),
            "on",
            ("Procurar exclusões", "Look for deletions"),
            (
                "Uma vez por dia compara os códigos, pois a API não avisa exclusões. `dry_run` só conta.",
                "Compares ids once a day, because the API does not tell of deletions. `dry_run` only counts.",
            ),
        ),
        Parameter::with_default(
            "sweep_floor",
            Takes::Number { min: 0, max: 100 },
            "80",
            ("Mínimo plausível (%)", "Plausible minimum (%)"),
            (
                "Se restarem menos que essa porcentagem dos registros conhecidos, nada é marcado como excluído.",
                "If fewer than this percentage of the known records are left, nothing is noted as deleted.",
            ),
        ),
        Parameter::with_default(
            "sweep_most",
            Takes::Number { min: 1, max: 1_000_000 },
            "1000",
            ("Máximo de exclusões por dia", "Most deletions per day"),
            ("O restante fica para os dias seguintes.", "The rest is left for the following days."),
        ),
    ]
}
