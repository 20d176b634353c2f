//! Makes SQL-safe names of columns, streams and tables out of what files call them.
//!
//! Does not decide types. Invariant: the same words in another case, with or without accents, give the same name.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// `"Valor (R$)"` → `valor_r`, `"DocEntry"` → `doc_entry`, `"BPLId"` → `bpl_id`, `"Mês"` → `mes`. Empty when nothing of it can be kept.
pub fn sql_name(text: &str) -> String {
    let folded: Vec<char> = text.nfkd().filter(|c| !is_mark(*c)).collect();
    let mut name = String::with_capacity(folded.len() + 4);
    for (at, &c) in folded.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        if c.is_ascii_uppercase() && starts_word(&folded, at) && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    let kept = name.trim_matches('_');
    if kept.starts_with(|c: char| c.is_ascii_digit()) { format!("c_{kept}") } else { kept.to_owned() }
}

/// Combining accents, as the decomposition leaves them.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

/// An upper-case letter starts a word after a lower-case one (`docEntry`), and as the last of several before a lower-case one (`BPLId`).
fn starts_word(text: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| text[i]) else { return false };
    if before.is_ascii_lowercase() || before.is_ascii_digit() {
        return true;
    }
    // A plural or possessive `s` ends an acronym (`IDs`), it starts no word.
    let after = text.get(at + 1);
    before.is_ascii_uppercase()
        && after.is_some_and(char::is_ascii_lowercase)
        && text.get(at + 2).is_none_or(char::is_ascii_lowercase)
        && !(after == Some(&'s') && text.get(at + 2).is_none())
}

/// Names for a whole header: empty ones become `column_<n>`, repeated ones get `_2`, `_3` ….
pub fn column_names<S: AsRef<str>>(header: &[S]) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::with_capacity(header.len());
    let mut names = Vec::with_capacity(header.len());
    for (at, text) in header.iter().enumerate() {
        let mut base = sql_name(text.as_ref());
        if base.is_empty() {
            base = format!("column_{}", at + 1);
        }
        let mut name = base.clone();
        let mut copy = 1;
        while taken.contains(&name) {
            copy += 1;
            name = format!("{base}_{copy}");
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// Words in a column's name that mark a code, never a quantity: its digits stay text even where no leading zero shows it.
const CODES: [&str; 13] = [
    "cpf", "cnpj", "cep", "zip", "zipcode", "telefone", "tel", "fone", "celular", "whatsapp", "phone",
    "mobile", "ean",
];

/// Whether the column's name says that it holds codes such as CPF, CNPJ, CEP or telephone numbers.
pub fn names_a_code(name: &str) -> bool {
    name.split('_').any(|word| CODES.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_name_various_spellings_gives_snake_case() {
        for (text, name) in [
            ("Valor (R$)", "valor_r"),
            ("DocEntry", "doc_entry"),
            ("BPLId", "bpl_id"),
            ("U_ICMS", "u_icms"),
            ("CANCELED", "canceled"),
            ("Mês", "mes"),
            ("  Número da Nota  ", "numero_da_nota"),
            ("opportunity_id", "opportunity_id"),
            ("CodigoSAP", "codigo_sap"),
            ("InvoiceNo", "invoice_no"),
            ("State1", "state1"),
            ("2024", "c_2024"),
            ("%", ""),
            ("ﬁlial", "filial"),
            ("ItmsGrpNam", "itms_grp_nam"),
            ("LastUpdateDate", "last_update_date"),
            ("dealIDs", "deal_ids"),
            ("_mirante_file", "mirante_file"),
        ] {
            assert_eq!(sql_name(text), name, "{text}");
        }
    }

    #[test]
    fn sql_name_case_and_accents_differ_gives_the_same_name() {
        assert_eq!(sql_name("PREÇO"), sql_name("preco"));
        assert_eq!(sql_name("Preço"), sql_name("PRECO"));
    }

    #[test]
    fn column_names_repeated_or_empty_stay_distinct() {
        let header = ["Valor", "valor", "", "VALOR", "valor_2", "  "];
        assert_eq!(
            column_names(&header),
            ["valor", "valor_2", "column_3", "valor_3", "valor_2_2", "column_6"]
        );
    }

    #[test]
    fn names_a_code_only_for_whole_words() {
        assert!(names_a_code("cliente_cpf") && names_a_code("cep"));
        assert!(!names_a_code("recepcao") && !names_a_code("total"));
    }
}
