//! What a person has to tell before SAP Business One can be read.
//!
//! Checks nothing (`settings`, `custom`, `address`). Invariant: the password is the only secret, and it is declared as one.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

/// The word in `mirante source add <kind>`.
pub(super) const KIND: &str = "sap_b1";

/// The kind `sap_b1`, as forms, command line and API show it.
pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    SourceKind {
        kind: KIND.to_owned(),
        title: said("SAP Business One", "SAP Business One"),
        about: said(
            "Lê notas, devoluções, pedidos, entregas, recebimentos, compras, razão e cadastros pela Service Layer. \
             Precisa de um usuário próprio com licença e permissão de leitura.",
            "Reads invoices, credit notes, orders, deliveries, payments, purchases, ledger and master data through the \
             Service Layer. It needs a user of its own with a licence and permission to read.",
        ),
        parameters: [whom(), trust(), what()].concat(),
        promised_minutes: 60,
    }
}

/// Where the company is, and who asks.
fn whom() -> Vec<Parameter> {
    vec![
        Parameter::required(
            "address",
            Takes::Address,
            ("Endereço", "Address"),
            (
                "Endereço da Service Layer, como https://sap.empresa.com.br:50000; sem caminho vale /b1s/v2.",
                "Address of the Service Layer, as https://sap.company.com:50000; without a path /b1s/v2 holds.",
            ),
        ),
        Parameter::required(
            "company_db",
            Takes::Text,
            ("Base da empresa", "Company database"),
            (
                "Nome técnico da base, como SBO_EMPRESA_PROD; maiúsculas contam.",
                "The database's technical name, as SBO_COMPANY_PROD; capitals matter.",
            ),
        ),
        Parameter::required(
            "user",
            Takes::Text,
            ("Usuário", "User"),
            (
                "Usuário só para esta integração: uma pessoa conectada com ele seria desconectada.",
                "A user for this integration alone: a person signed in with it would be signed out.",
            ),
        ),
        Parameter::required(
            "password",
            Takes::Secret,
            ("Senha", "Password"),
            (
                "Uma senha recusada não é enviada de novo na mesma sincronização, para não bloquear o usuário.",
                "A refused password is not sent again within the same sync, so that the user is not locked.",
            ),
        ),
    ]
}

/// How the server proves who it is.
fn trust() -> Vec<Parameter> {
    vec![
        Parameter::optional(
            "authority",
            Takes::Lines,
            ("Certificado da autoridade", "Authority's certificate"),
            (
                "Em PEM, quando o servidor usa uma autoridade própria da empresa. Não combina com a impressão digital.",
                "As PEM, where the server uses the company's own authority. Not together with a fingerprint.",
            ),
        ),
        Parameter::optional(
            "fingerprint",
            Takes::Text,
            ("Impressão digital do certificado", "Certificate's fingerprint"),
            (
                "SHA-256 do certificado autoassinado do servidor, que o teste de conexão mostra; confira-a com quem o instalou.",
                "SHA-256 of the server's self-signed certificate, as the connection test shows it; check it with whoever installed it.",
            ),
        ),
    ]
}

/// What is read, and how much at a time.
fn what() -> Vec<Parameter> {
    vec![
        Parameter::optional(
            "since",
            Takes::Text,
            ("Desde", "Since"),
            (
                "Primeiro dia, como 2024-01-01; documentos mais antigos só entram se abertos ou alterados. Vazio lê tudo.",
                "First day, as 2024-01-01; older documents come only when open or changed. Empty reads everything.",
            ),
        ),
        Parameter::with_default(
            "page_size",
            Takes::Number { min: 1, max: 500 },
            "100",
            ("Registros por página", "Records per page"),
            (
                "Menos quando o servidor demora a responder, mais quando há muitos registros pequenos.",
                "Fewer where the server answers slowly, more where there are many small records.",
            ),
        ),
        Parameter::with_default(
            "reread_days",
            Takes::Number { min: 1, max: 60 },
            "3",
            ("Dias relidos", "Days read again"),
            (
                "Recebimentos e lançamentos não guardam a data da alteração: os destes últimos dias são relidos.",
                "Payments and journal entries keep no date of change: those of the last days are read again.",
            ),
        ),
        Parameter::optional(
            "custom_fields",
            Takes::Lines,
            ("Campos de usuário", "Custom fields"),
            (
                "Uma linha por tabela, com tipo quando não é texto: invoice_lines: U_Canal U_ICMS:decimal U_Data:date",
                "One line per table, with a type where it is no text: invoice_lines: U_Canal U_ICMS:decimal U_Data:date",
            ),
        ),
        Parameter::optional(
            "user_tables",
            Takes::Lines,
            ("Tabelas de usuário", "User tables"),
            (
                "Uma por linha, como U_CONTRATOS; são lidas inteiras a cada vez.",
                "One per line, as U_CONTRATOS; they are read whole each time.",
            ),
        ),
    ]
}
