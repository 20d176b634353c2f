//! Why a row was rejected, in the reader's language.
//!
//! The lake keeps reasons in English, as the readers of files and systems write them (`connect`); what is not known here is shown as it is
//! kept. Invariant: every gap of a reason stands in its translation once, in the same order.

use locale::Lang;

/// Reason and translation, with `{}` for what differs from row to row.
const IN_PORTUGUESE: [(&str, &str); 25] = [
    ("is not text", "não é um texto"),
    ("is not a whole number", "não é um número inteiro"),
    ("is not a number that fits", "não é um número que caiba na coluna"),
    ("is not a number", "não é um número"),
    ("is neither true nor false", "não é verdadeiro nem falso"),
    ("is not a date", "não é uma data"),
    ("is not a date and time", "não é uma data com hora"),
    ("is not a date and time with an offset", "não é uma data com hora e fuso"),
    ("is a day that the calendar does not have", "é um dia que não existe no calendário"),
    ("is not valid UTF-8 text", "não é um texto UTF-8 válido"),
    ("cannot be written as text", "não pode ser escrito como texto"),
    ("is no JSON object", "não é um objeto JSON"),
    ("is no JSON object: {}", "não é um objeto JSON: {}"),
    ("is no record", "não é um registro"),
    ("has no Id", "não tem Id"),
    ("has an empty key", "tem a chave vazia"),
    ("has no value in its key `{}`", "não tem valor na chave `{}`"),
    ("has {} cells, the header has {}", "tem {} células, o cabeçalho tem {}"),
    ("has a cell in column {}, the header has {}", "tem uma célula na coluna {}, o cabeçalho tem {}"),
    (
        "has a cell of {} bytes, more than the limit `cell_bytes` of {}",
        "tem uma célula de {} bytes, mais que o limite `cell_bytes` de {}",
    ),
    ("the message has no id", "a mensagem não tem id"),
    ("the status names no message, or has no name", "o status não nomeia uma mensagem, ou não tem nome"),
    ("the event was signed, but is no JSON", "o evento foi assinado, mas não é JSON"),
    (
        "the delivery was signed, but is no JSON of the form {}",
        "a entrega foi assinada, mas não é JSON da forma {}",
    ),
    (
        "{} bytes of the inbox are damaged and cannot be read",
        "{} bytes da caixa de entrada estão danificados e não podem ser lidos",
    ),
];

/// The reason as this reader reads it.
pub fn told(reason: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return reason.to_owned();
    }
    let translated = IN_PORTUGUESE.iter().find_map(|(english, portuguese)| {
        let gaps = gaps(english, reason)?.into_iter().chain([""]);
        Some(portuguese.split("{}").zip(gaps).flat_map(|(text, gap)| [text, gap]).collect::<String>())
    });
    translated.unwrap_or_else(|| reason.to_owned())
}

/// What stands in the gaps of `pattern`; `None` when the text is another.
fn gaps<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let (start, rest) = pattern.split_once("{}").unwrap_or((pattern, ""));
    let mut text = text.strip_prefix(start)?;
    if !pattern.contains("{}") {
        return text.is_empty().then(Vec::new);
    }
    let mut found = Vec::new();
    for part in rest.split("{}") {
        let end = if part.is_empty() { text.len() } else { text.find(part)? };
        found.push(&text[..end]);
        text = &text[end + part.len()..];
    }
    text.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_with_what_stood_in_its_gaps() {
        for (english, portuguese) in IN_PORTUGUESE {
            assert_eq!(english.matches("{}").count(), portuguese.matches("{}").count(), "{english}");
            let fill = |text: &str| text.replacen("{}", "12", 1).replacen("{}", "34", 1);
            assert_eq!(told(&fill(english), Lang::PtBr), fill(portuguese));
            assert_eq!(told(&fill(english), Lang::En), fill(english));
        }
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        for reason in ["is not a date, said the clerk", "has 3 cells", "", "IS NOT A DATE"] {
            assert_eq!(told(reason, Lang::PtBr), reason);
        }
        // A gap holds whatever comes, also what looks like a gap.
        assert_eq!(told("is no JSON object: {} at 3", Lang::PtBr), "não é um objeto JSON: {} at 3");
    }
}
