//! How masked texts are written.
//!
//! Does not decide what is masked (`sight`). Invariant: a masked text has no more of the value than its mask says, whatever the text is.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use deltalake::datafusion::error::Result;
use deltalake::datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast,
};

use crate::sight::Mask;

/// The masked text of an expression that is a text.
pub(crate) fn masked(mask: Mask, text: Expr) -> Expr {
    let signature = Signature::exact(vec![DataType::Utf8], Volatility::Immutable);
    ScalarUDF::from(Masked { mask, signature }).call(vec![cast(text, DataType::Utf8)])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Masked {
    mask: Mask,
    signature: Signature,
}

impl ScalarUDFImpl for Masked {
    fn name(&self) -> &str {
        "masked"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = ColumnarValue::values_to_arrays(&args.args)?;
        let shown =
            texts[0].as_string::<i32>().iter().map(|text| text.and_then(|text| show(self.mask, text)));
        Ok(ColumnarValue::Array(Arc::new(shown.collect::<StringArray>()) as ArrayRef))
    }
}

/// `None` where nothing of the text may be shown.
fn show(mask: Mask, text: &str) -> Option<String> {
    match mask {
        Mask::Hidden => None,
        Mask::TaxId => Some(last(text, 2)),
        Mask::Phone => Some(last(text, 4)),
        Mask::Email => {
            let (person, domain) = text.rsplit_once('@')?;
            Some(format!("{}***@{domain}", person.chars().next()?))
        }
        Mask::Name => {
            let initials: Vec<String> = text
                .split_whitespace()
                .filter_map(|word| Some(format!("{}.", word.chars().next()?)))
                .collect();
            Some(initials.join(" "))
        }
    }
}

/// The last letters and digits; those before them as `*`, signs as they are. What is not longer than twice that shows none.
fn last(text: &str, shown: usize) -> String {
    let all = text.chars().filter(|letter| letter.is_alphanumeric()).count();
    let hidden = if all > 2 * shown { all - shown } else { all };
    let mut seen = 0;
    text.chars()
        .map(|letter| {
            if !letter.is_alphanumeric() {
                return letter;
            }
            seen += 1;
            if seen > hidden { letter } else { '*' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_show_what_tells_two_apart_and_no_more() {
        let cases = [
            (Mask::TaxId, "123.456.789-09", Some("***.***.***-09")),
            (Mask::TaxId, "12.ABC.345/01DE-35", Some("**.***.***/****-35")),
            (Mask::TaxId, "1234", Some("****")),
            (Mask::TaxId, "", Some("")),
            (Mask::Phone, "+55 (41) 99876-5432", Some("+** (**) *****-5432")),
            (Mask::Phone, "5432", Some("****")),
            (Mask::Email, "ana.souza@exemplo.com.br", Some("a***@exemplo.com.br")),
            (Mask::Email, "not an address", None),
            (Mask::Email, "@exemplo.com", None),
            (Mask::Name, "Ângela  Maria de Souza", Some("Â. M. d. S.")),
            (Mask::Hidden, "anything", None),
        ];
        for (mask, text, shown) in cases {
            assert_eq!(show(mask, text).as_deref(), shown, "{mask:?} {text}");
        }
    }
}
