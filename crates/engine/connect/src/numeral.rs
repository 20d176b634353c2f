//! Numbers written with a point or a comma: their shape, and their exact value.
//!
//! Does not decide which style a column has (`tally`). Invariant: no binary floating point between the characters and the value.

use crate::cell::DecimalStyle;

/// What a number looks like under each style; `None` where the style does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub point: Option<Digits>,
    pub comma: Option<Digits>,
    /// Neither point nor comma in it.
    pub plain: bool,
    /// More than one digit, the first being zero: a code such as `01310100`.
    pub leading_zero: bool,
    /// How many signs group thousands, at most.
    pub groups: u8,
}

/// Digits before and after the decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digits {
    pub whole: u16,
    pub fraction: u16,
}

/// The number's sign and its digits with points and commas, without currency and brackets.
struct Core<'a> {
    negative: bool,
    digits: &'a [u8],
}

/// The longest text that can be a number: 38 digits, their separators, a currency.
const LONGEST: usize = 64;

fn core(text: &[u8]) -> Option<Core<'_>> {
    let first = *text.first()?;
    if text.len() > LONGEST || !(first.is_ascii_digit() || b"-(R$U.,\xe2".contains(&first)) {
        return None;
    }
    let (mut digits, mut negative, mut currency) = (text, false, false);
    if let Some(inner) = digits.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")) {
        // Bookkeepers' negatives need a decimal sign, otherwise `(11)` is an area code.
        inner.iter().any(|b| matches!(b, b'.' | b',')).then_some(())?;
        (digits, negative) = (inner, true);
    }
    if let Some(rest) = digits.strip_prefix(b"-") {
        (digits, negative) = (rest.trim_ascii_start(), !negative);
    }
    for prefix in [b"R$".as_slice(), b"US$", b"$", "€".as_bytes()] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            (digits, currency) = (crate::cell::trimmed(rest), true);
            break;
        }
    }
    if currency && let Some(rest) = digits.strip_prefix(b"-") {
        (digits, negative) = (rest, !negative);
    }
    if let Some(rest) = digits.strip_suffix(b"-") {
        // SAP writes `1.234,56-`; a code may end with a minus too, but not with a decimal sign before it.
        rest.iter().any(|b| matches!(b, b'.' | b',')).then_some(())?;
        (digits, negative) = (rest, !negative);
    }
    let countable = digits.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    (countable && digits.iter().any(u8::is_ascii_digit)).then_some(Core { negative, digits })
}

/// The shape of `text`, which has no blanks around it; `None` when it is no number in any style.
pub fn shape(text: &[u8]) -> Option<Shape> {
    if text.iter().all(u8::is_ascii_digit) {
        return plain_shape(text);
    }
    let Core { digits, .. } = core(text)?;
    let separators = digits.iter().filter(|b| !b.is_ascii_digit()).count();
    if separators == 0 {
        return plain_shape(digits);
    }
    let (point, comma) = (split(digits, b'.', b','), split(digits, b',', b'.'));
    let (point, comma) = (point.map(|it| it.digits()), comma.map(|it| it.digits()));
    (point.is_some() || comma.is_some()).then_some(Shape {
        point,
        comma,
        plain: false,
        leading_zero: false,
        groups: separators as u8,
    })
}

fn plain_shape(digits: &[u8]) -> Option<Shape> {
    let whole = Some(Digits { whole: u16::try_from(digits.len()).ok()?, fraction: 0 });
    let leading_zero = digits.len() > 1 && digits[0] == b'0';
    (!digits.is_empty()).then_some(Shape { point: whole, comma: whole, plain: true, leading_zero, groups: 0 })
}

struct Split<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    grouped: usize,
}

impl Split<'_> {
    fn digits(&self) -> Digits {
        Digits { whole: (self.whole.len() - self.grouped) as u16, fraction: self.fraction.len() as u16 }
    }
}

/// Splits at the decimal sign, and checks that the other sign stands only where it groups three digits.
fn split(digits: &[u8], decimal: u8, thousands: u8) -> Option<Split<'_>> {
    let mut parts = digits.splitn(3, |b| *b == decimal);
    let whole = parts.next()?;
    let fraction = parts.next();
    if parts.next().is_some() || fraction.is_some_and(|it| it.is_empty() || it.contains(&thousands)) {
        return None;
    }
    let mut groups = whole.split(|b| *b == thousands);
    let first = groups.next()?;
    let mut grouped = 0;
    for group in groups {
        (group.len() == 3).then_some(())?;
        grouped += 1;
    }
    if grouped > 0 && (first.is_empty() || first.len() > 3 || first[0] == b'0') {
        return None;
    }
    Some(Split { whole, fraction: fraction.unwrap_or_default(), grouped })
}

/// The exact value times ten to the power of `scale`; `None` when it is no number in this style, or needs more digits than fit.
pub fn scaled(text: &[u8], style: DecimalStyle, scale: u8) -> Option<i128> {
    let Core { negative, digits } = core(text)?;
    let (decimal, thousands) = match style {
        DecimalStyle::Comma => (b',', b'.'),
        DecimalStyle::Point => (b'.', b','),
    };
    let Split { whole, fraction, .. } = split(digits, decimal, thousands)?;
    let kept = fraction.len().min(usize::from(scale));
    if fraction[kept..].iter().any(|b| *b != b'0') {
        return None;
    }
    let missing = u32::from(scale) - kept as u32;
    let places = digits_value(whole.iter().chain(&fraction[..kept]), thousands)?;
    let value = places.checked_mul(10_i128.checked_pow(missing)?)?;
    Some(if negative { -value } else { value })
}

fn digits_value<'a>(digits: impl Iterator<Item = &'a u8>, skip: u8) -> Option<i128> {
    let (mut small, mut count, mut large) = (0_u64, 0_u32, 0_i128);
    for digit in digits.filter(|b| **b != skip) {
        // Eighteen digits at a time in 64 bits: 128-bit multiplication costs several times as much.
        if count == 18 {
            large = large.checked_mul(1_000_000_000_000_000_000)?.checked_add(i128::from(small))?;
            (small, count) = (0, 0);
        }
        small = small * 10 + u64::from(digit - b'0');
        count += 1;
    }
    large.checked_mul(10_i128.pow(count))?.checked_add(i128::from(small))
}

/// The whole number in `text`; `None` when it is none, or does not fit 64 bits.
pub fn whole(text: &[u8], style: DecimalStyle) -> Option<i64> {
    if text.len() <= 18 && text.iter().all(u8::is_ascii_digit) && !text.is_empty() {
        return Some(text.iter().fold(0_i64, |value, digit| value * 10 + i64::from(digit - b'0')));
    }
    scaled(text, style, 0).and_then(|value| i64::try_from(value).ok())
}

/// An exactly known decimal: `unscaled / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    pub unscaled: i128,
    pub scale: u8,
}

impl Decimal {
    /// The value at another scale, if that loses nothing.
    pub fn at_scale(self, scale: u8) -> Option<i128> {
        if scale >= self.scale {
            return self.unscaled.checked_mul(10_i128.checked_pow(u32::from(scale - self.scale))?);
        }
        let step = 10_i128.checked_pow(u32::from(self.scale - scale))?;
        (self.unscaled % step == 0).then_some(self.unscaled / step)
    }

    /// Digits before the decimal sign, at least one.
    pub fn whole_digits(self) -> u8 {
        let all = self.unscaled.unsigned_abs().checked_ilog10().unwrap_or(0) as u8 + 1;
        all.saturating_sub(self.scale).max(1)
    }
}

/// A number with a point and perhaps an exponent, as JSON and Rust write it; `None` when it has too many digits to be exact.
pub fn exact(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let all = whole.bytes().chain(fraction.bytes());
    if whole.is_empty() || !all.clone().all(|b| b.is_ascii_digit()) || whole.len() + fraction.len() > 38 {
        return None;
    }
    let mut unscaled = all.fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    let mut scale = fraction.len() as i32 - exponent;
    while scale > 0 && unscaled % 10 == 0 && unscaled != 0 {
        (unscaled, scale) = (unscaled / 10, scale - 1);
    }
    if unscaled == 0 {
        scale = 0;
    }
    if scale < 0 {
        unscaled = unscaled.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?;
        scale = 0;
    }
    let scale = u8::try_from(scale).ok().filter(|scale| *scale <= 30)?;
    (unscaled.unsigned_abs() < 10_u128.pow(38)).then_some(())?;
    Some(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale })
}

/// A spreadsheet's number with the 15 significant digits that it shows; `None` for one too large or too small to be written out.
///
/// Spreadsheets keep `0.1 + 0.2` as `0.30000000000000004` and show `0.3`: the person meant what the person saw.
pub fn of_float(value: f64) -> Option<Decimal> {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Some(Decimal { unscaled: value as i128, scale: 0 });
    }
    let magnitude = value.abs();
    if !(1e-9..1e18).contains(&magnitude) {
        return None;
    }
    // Money, the usual case: does the value, rounded to cents, print back as itself?
    let cents = (value * 100.0).round();
    if magnitude < 1e12 && (cents / 100.0).to_bits() == value.to_bits() {
        return Some(Decimal { unscaled: cents as i128, scale: 2 });
    }
    exact(&format!("{value:.14e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "what a shape holds is optional")]
    fn digits(whole: u16, fraction: u16) -> Option<Digits> {
        Some(Digits { whole, fraction })
    }

    #[test]
    fn shape_numbers_of_both_styles_tell_what_they_may_be() {
        let check = |text: &str, point, comma| {
            let shape = shape(text.as_bytes()).unwrap_or_else(|| panic!("`{text}` is a number"));
            assert_eq!((shape.point, shape.comma), (point, comma), "{text}");
        };
        check("1234", digits(4, 0), digits(4, 0));
        check("1.234", digits(1, 3), digits(4, 0));
        check("1,234", digits(4, 0), digits(1, 3));
        check("1.234,56", None, digits(4, 2));
        check("-1,234.56", digits(4, 2), None);
        check("0.123", digits(1, 3), None);
        check("1.234.567", None, digits(7, 0));
        check("R$ 1.234,56", None, digits(4, 2));
        check("R$\u{a0}-5,00", None, digits(1, 2));
        check("1.234,56-", None, digits(4, 2));
        check("(10,50)", None, digits(2, 2));
        check(",5", None, digits(0, 1));
    }

    #[test]
    fn shape_codes_and_words_are_no_numbers() {
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "10.1.2.3",
            "12a",
            "+5511",
            "1,2,3",
            "(11)",
            "5-",
            "1 2",
            "1.",
            "123.456.789-09",
            "--1",
        ] {
            assert_eq!(
                shape(text.as_bytes()).filter(|s| s.point.is_some() || s.comma.is_some()),
                None,
                "{text}"
            );
        }
        assert!(shape(b"01310100").unwrap().leading_zero);
        assert!(!shape(b"0").unwrap().leading_zero);
    }

    #[test]
    fn scaled_is_exact_and_refuses_what_does_not_fit() {
        assert_eq!(scaled(b"1.234,56", DecimalStyle::Comma, 2), Some(123_456));
        assert_eq!(scaled(b"-0,1", DecimalStyle::Comma, 2), Some(-10));
        assert_eq!(scaled(b"7", DecimalStyle::Point, 2), Some(700));
        assert_eq!(scaled(b"1.005", DecimalStyle::Point, 2), None);
        assert_eq!(scaled(b"1.500", DecimalStyle::Point, 2), Some(150));
        assert_eq!(
            scaled(b"12345678901234567890123456.78", DecimalStyle::Point, 2),
            Some(1_234_567_890_123_456_789_012_345_678)
        );
        assert_eq!(whole(b"1.234", DecimalStyle::Comma), Some(1234));
        assert_eq!(whole(b"-42", DecimalStyle::Comma), Some(-42));
        assert_eq!(whole(b"99999999999999999999", DecimalStyle::Comma), None);
    }

    #[test]
    fn exact_and_of_float_give_what_a_person_reads() {
        let of = |unscaled, scale| Some(Decimal { unscaled, scale });
        assert_eq!(exact("1.50"), of(15, 1));
        assert_eq!(exact("-1.5e3"), of(-1500, 0));
        assert_eq!(exact("25E-4"), of(25, 4));
        assert_eq!(exact("1e400"), None);
        assert_eq!(of_float(0.1 + 0.2), of(3, 1));
        assert_eq!(of_float(1234.56), of(123_456, 2));
        assert_eq!(of_float(-3.0), of(-3, 0));
        assert_eq!(of_float(1.0 / 3.0), of(333_333_333_333_333, 15));
        assert_eq!(of_float(4.35_f64.next_down()), of(435, 2));
        assert_eq!(of_float(f64::NAN), None);
        assert_eq!(of_float(1e300), None);
    }
}
