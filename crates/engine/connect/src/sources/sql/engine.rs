//! The two families of databases, and where their SQL differs in writing.
//!
//! Asks nobody (`session`). Invariant: a name that comes from outside gets into a statement quoted, a value never does: it is bound.

/// A family of databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl Engine {
    pub fn title(self) -> &'static str {
        match self {
            Engine::Postgres => "PostgreSQL",
            Engine::Mysql => "MySQL",
        }
    }

    pub fn port(self) -> u16 {
        match self {
            Engine::Postgres => 5432,
            Engine::Mysql => 3306,
        }
    }

    /// A name as a statement has it.
    pub fn quoted(self, name: &str) -> String {
        match self {
            Engine::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
            Engine::Mysql => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// The place of the `at`-th bound value, from 1.
    pub fn bound(self, at: usize) -> String {
        match self {
            Engine::Postgres => format!("${at}"),
            Engine::Mysql => "?".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_stay_names() {
        assert_eq!(Engine::Postgres.quoted(r#"a"; drop table "b"#), r#""a""; drop table ""b""#);
        assert_eq!(Engine::Mysql.quoted("preço `R$`"), "`preço ``R$```");
    }
}
