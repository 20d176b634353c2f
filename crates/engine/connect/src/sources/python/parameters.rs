//! What a person is asked about any connector that is a Python program.
//!
//! Knows no protocol. Invariant: what may hold a secret is one.

use contract::sources::{Parameter, Takes};

pub fn package((pt, en): (&str, &str)) -> [Parameter; 2] {
    [
        Parameter::required("package", Takes::Text, ("Pacote no PyPI", "Package on PyPI"), (pt, en)),
        Parameter::required(
            "version",
            Takes::Text,
            ("Versão", "Version"),
            (
                "Fixa, como 1.2.3: a versão só muda quando alguém a muda aqui.",
                "Pinned, such as 1.2.3: it changes only when somebody changes it here.",
            ),
        ),
    ]
}

pub fn config() -> Parameter {
    Parameter::with_default(
        "config",
        Takes::Secret,
        "{}",
        ("Configuração", "Configuration"),
        (
            "Objeto JSON como o conector o documenta. É guardado cifrado, pois pode conter senhas.",
            "JSON object as the connector documents it. It is kept sealed, because it may hold passwords.",
        ),
    )
}

pub fn reading() -> [Parameter; 4] {
    [
        Parameter::optional(
            "streams",
            Takes::Lines,
            ("Fluxos", "Streams"),
            (
                "Um por linha; vazio lê todos. Também `nome: full_refresh` ou `nome: incremental, cursor=updated_at, key=id+linha`.",
                "One per line; empty reads all. Also `name: full_refresh` or `name: incremental, cursor=updated_at, key=id+line`.",
            ),
        ),
        Parameter::optional(
            "command",
            Takes::Text,
            ("Comando", "Command"),
            ("Só se o pacote tiver mais de um comando.", "Only where the package has more than one command."),
        ),
        Parameter::with_default(
            "python",
            Takes::Text,
            "python3",
            ("Interpretador", "Interpreter"),
            (
                "Python com que o ambiente do conector é criado; alguns pedem uma versão, como python3.11.",
                "Python that the connector's environment is made with; some need a version, such as python3.11.",
            ),
        ),
        Parameter::with_default(
            "patience",
            Takes::Number { min: 1, max: 1440 },
            "60",
            ("Paciência (minutos)", "Patience (minutes)"),
            (
                "Um conector que não diz nada por tanto tempo é encerrado.",
                "A connector that says nothing for so long is ended.",
            ),
        ),
    ]
}
