//! Values as SQL literals: the one door through which a person's text enters a query.
//!
//! Builds no queries (`sql`). Invariant: whatever the text holds, it comes out as one string literal with that very text as its value.

use chrono::NaiveDate;

/// `'…'` with quotes doubled. DataFusion gives no other character a meaning within single quotes.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

pub(crate) fn day(value: NaiveDate) -> String {
    format!("DATE '{}'", value.format("%Y-%m-%d"))
}

/// `expression` is one of `members`, where the empty text stands for "no value" (what `missing` tests for) and `negated` keeps all others.
pub(crate) fn membership(expression: &str, missing: &str, members: &[String], negated: bool) -> String {
    let named: Vec<String> =
        members.iter().filter(|member| !member.is_empty()).map(|member| text(member)).collect();
    let with_missing = members.iter().any(String::is_empty);
    let list = named.join(", ");
    match (negated, named.is_empty(), with_missing) {
        (_, true, false) => if negated { "TRUE" } else { "FALSE" }.to_owned(),
        (false, false, false) => format!("{expression} IN ({list})"),
        (false, false, true) => format!("({expression} IN ({list}) OR {missing})"),
        (false, true, true) => format!("({missing})"),
        (true, false, false) => format!("({expression} NOT IN ({list}) OR {missing})"),
        (true, false, true) => format!("({expression} NOT IN ({list}) AND NOT ({missing}))"),
        (true, true, true) => format!("NOT ({missing})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_doubles_quotes() {
        assert_eq!(text("d'água"), "'d''água'");
        assert_eq!(text("' OR 1=1 --"), "''' OR 1=1 --'");
    }

    #[test]
    fn membership_treats_the_empty_text_as_no_value() {
        let check = |members: &[&str], negated: bool, expected: &str| {
            let members: Vec<String> = members.iter().map(|member| (*member).to_owned()).collect();
            assert_eq!(membership("x", "x IS NULL", &members, negated), expected);
        };
        check(&["a", "b"], false, "x IN ('a', 'b')");
        check(&["a", ""], false, "(x IN ('a') OR x IS NULL)");
        check(&[""], false, "(x IS NULL)");
        check(&["a"], true, "(x NOT IN ('a') OR x IS NULL)");
        check(&["a", ""], true, "(x NOT IN ('a') AND NOT (x IS NULL))");
        check(&[""], true, "NOT (x IS NULL)");
    }
}
