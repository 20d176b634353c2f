//! What a person has to tell before a database can be read.
//!
//! Checks nothing (`settings`, `asked`). Invariant: every parameter that the source reads is declared here, and the password alone is secret.

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;

/// The word in `mirante source add <kind>`.
pub(super) const KIND: &str = "sql";

/// The kind `sql`, as forms, command line and API show it.
pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    SourceKind {
        kind: KIND.to_owned(),
        title: said("Banco de dados SQL", "SQL database"),
        about: said(
            "Lê tabelas, visões e consultas de um PostgreSQL, MySQL ou MariaDB, só com leitura. \
             Precisa de um usuário que só possa ler; o teste de conexão mostra os comandos para criá-lo.",
            "Reads tables, views and queries of PostgreSQL, MySQL or MariaDB, and never writes. \
             It needs a user who may only read; the connection test prints the statements that make one.",
        ),
        parameters: [place(), access(), what(), deletions(), limits()].concat(),
        promised_minutes: 60,
    }
}

fn words(words: &[&str]) -> Takes {
    Takes::Choice(words.iter().map(|word| (*word).to_owned()).collect())
}

/// Where the database is.
fn place() -> Vec<Parameter> {
    vec![
        Parameter::required(
            "engine",
            words(&["postgresql", "mysql"]),
            ("Banco", "Engine"),
            ("`mysql` vale também para MariaDB.", "`mysql` stands for MariaDB too."),
        ),
        Parameter::required(
            "host",
            Takes::Text,
            ("Servidor", "Host"),
            (
                "Nome ou endereço IP do servidor, como db.empresa.com.br, sem porta.",
                "Name or IP address of the server, as db.company.com, without a port.",
            ),
        ),
        Parameter::optional(
            "port",
            Takes::Number { min: 1, max: 65_535 },
            ("Porta", "Port"),
            ("Vazio: 5432 no PostgreSQL, 3306 no MySQL.", "Empty: 5432 for PostgreSQL, 3306 for MySQL."),
        ),
        Parameter::required(
            "database",
            Takes::Text,
            ("Banco de dados", "Database"),
            ("Nome do banco de dados; maiúsculas contam.", "The database's name; capitals matter."),
        ),
        Parameter::optional(
            "schema",
            Takes::Text,
            ("Schema", "Schema"),
            (
                "Só no PostgreSQL; vazio lê o schema public. No MySQL, deixe vazio.",
                "PostgreSQL only; empty reads the schema public. Leave it empty for MySQL.",
            ),
        ),
    ]
}

/// Who asks, and how the server proves who it is.
fn access() -> Vec<Parameter> {
    vec![
        Parameter::required(
            "user",
            Takes::Text,
            ("Usuário", "User"),
            (
                "Um usuário só para o Mirante, que possa ler e nada mais.",
                "A user for Mirante alone, who may read and nothing else.",
            ),
        ),
        Parameter::required(
            "password",
            Takes::Secret,
            ("Senha", "Password"),
            ("Desse usuário.", "That user's."),
        ),
        Parameter::with_default(
            "tls",
            words(&["verify", "none"]),
            "verify",
            ("Criptografia", "Encryption"),
            (
                "`verify` cifra a conexão e confere o certificado; `none` só em rede privada: senha e dados viajam abertos.",
                "`verify` encrypts and checks the certificate; `none` only within a private network: password and rows travel in clear.",
            ),
        ),
        Parameter::optional(
            "ca",
            Takes::Lines,
            ("Certificado da autoridade", "Authority's certificate"),
            (
                "Em PEM, quando o certificado do servidor vem de uma autoridade própria da empresa ou da nuvem.",
                "As PEM, where the server's certificate comes from the company's or the cloud's own authority.",
            ),
        ),
    ]
}

/// What is read, and how changes are found.
fn what() -> Vec<Parameter> {
    vec![
        Parameter::optional(
            "tables",
            Takes::Lines,
            ("Tabelas e visões", "Tables and views"),
            (
                "Uma por linha; depois de dois-pontos, a coluna que cresce a cada alteração: pedidos: atualizado_em. \
                 Sem ela, a tabela é lida inteira a cada vez. Vazio lê todas, a não ser que haja consultas.",
                "One per line; after a colon the column that grows with each change: orders: updated_at. \
                 Without it the table is read whole each time. Empty reads all, unless there are queries.",
            ),
        ),
        Parameter::optional(
            "queries",
            Takes::Lines,
            ("Consultas", "Queries"),
            (
                "Cada uma começa com [nome] numa linha; depois, se quiser, key: e cursor: com colunas, e então o SELECT: \
                 [pedidos_abertos] / key: id / cursor: atualizado_em / select … Com cursor, key é obrigatória.",
                "Each begins with [name] on a line of its own; then, if wanted, key: and cursor: with columns, then the SELECT: \
                 [open_orders] / key: id / cursor: updated_at / select … A cursor needs a key.",
            ),
        ),
        Parameter::with_default(
            "overlap",
            Takes::Number { min: 0, max: 1_000_000 },
            "1000",
            ("Releitura", "Overlap"),
            (
                "Quanto se volta do último valor do cursor, para o que foi gravado com atraso: segundos em datas, unidades em números.",
                "How far back from the cursor's last value reading begins, for what was committed late: seconds for times, units for numbers.",
            ),
        ),
    ]
}

/// How rows that are gone are found.
fn deletions() -> Vec<Parameter> {
    vec![
        Parameter::with_default(
            "sweep",
            words(&["on", "dry_run", "off"]),
            "on",
            ("Procurar excluídos", "Look for deletions"),
            (
                "Uma vez por dia compara as chaves de cada tabela com as já lidas. `dry_run` só conta.",
                "Compares each table's keys with those already read once a day. `dry_run` only counts.",
            ),
        ),
        Parameter::with_default(
            "sweep_floor",
            Takes::Number { min: 0, max: 100 },
            "80",
            ("Mínimo plausível (%)", "Plausible minimum (%)"),
            (
                "Se restarem menos que essa porcentagem das linhas conhecidas, nada é excluído. 0 aceita até uma tabela vazia.",
                "If fewer than this percentage of the known rows are left, nothing is deleted. 0 believes even an empty table.",
            ),
        ),
        Parameter::with_default(
            "sweep_most",
            Takes::Number { min: 1, max: 10_000_000 },
            "10000",
            ("Máximo de exclusões por dia", "Most deletions per day"),
            ("O restante fica para os dias seguintes.", "The rest is left for the following days."),
        ),
    ]
}

fn limits() -> Vec<Parameter> {
    vec![
        Parameter::with_default(
            "statement_timeout",
            Takes::Number { min: 1, max: 86_400 },
            "300",
            ("Limite por comando (s)", "Limit per statement (s)"),
            (
                "Um comando que demora mais é interrompido no servidor.",
                "A statement that takes longer is ended at the server.",
            ),
        ),
        Parameter::with_default(
            "page_rows",
            Takes::Number { min: 1, max: 100_000 },
            "10000",
            ("Linhas por página", "Rows per page"),
            (
                "Menos quando os comandos passam do limite de tempo.",
                "Fewer where statements exceed their limit.",
            ),
        ),
    ]
}
